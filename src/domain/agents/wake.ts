import type { Unit } from "../../events/commit.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { orderComputer } from "../computers/service.ts";
import { entering } from "./agent.ts";
import { changeAgent, promptAgent } from "./change.ts";
import { agentById } from "./sleep.ts";

/**
 * Wakes an agent: a frozen computer is thawed, a stopped one started; the agent is INIT until it runs.
 *
 * Waking a waker succeeds and changes nothing, except that the prompt is delivered all the same.
 *
 * @throws NOT_FOUND when the agent is gone.
 */
export async function wakeAgent(gateway: Gateway, id: string, prompt?: string | null): Promise<Agent> {
  return commit(gateway, async (unit) => {
    const agent = (await wakeInside(unit, id)) ?? (await agentById(unit.tx, id));
    await promptAgent(unit, agent, prompt);
    return agent;
  });
}

/** Wakes the agent inside a change; `null` when it was awake. */
export async function wakeInside(unit: Unit, id: string): Promise<Agent | null> {
  const data = { ...entering("INIT", unit.at), lastError: null };
  const agent = await changeAgent(unit, { id, state: "SLEPT" }, data);
  if (agent) await orderComputer(unit, agent.computerId, "RUNNING");
  return agent;
}
