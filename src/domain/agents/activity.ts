import { badInput } from "../../errors.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent, AgentState } from "../../store/generated/client/client.ts";
import { entering } from "./agent.ts";
import { changeAgent } from "./change.ts";
import { agentById, cannotMove, sleepAgent } from "./sleep.ts";
import { wakeAgent } from "./wake.ts";

/**
 * Says that an agent works (`BUSY`: the idle timeout stops counting, the busy timeout begins) or waits (`IDLE`).
 * For workers outside the gateway; an agent that is there already stays as it is, its deadline counts anew.
 *
 * @throws CONFLICT while the agent gets ready, sleeps, or answers a response that the gateway itself runs.
 */
export async function setActivity(gateway: Gateway, id: string, state: "BUSY" | "IDLE"): Promise<Agent> {
  return commit(gateway, async (unit) => {
    const answersItself = { responses: { some: { status: "PROCESSING", leaseOwner: { not: null } } } } as const;
    const where = { id, state: { in: ["IDLE", "BUSY"] satisfies AgentState[] }, NOT: answersItself };
    const agent = await changeAgent(unit, where, entering(state, unit.at));
    if (agent) return agent;
    const present = await agentById(unit.tx, id);
    if (present.state === state) return present;
    throw cannotMove(present, state);
  });
}

/**
 * Moves an agent to a state by name: IDLE and BUSY as {@link setActivity}, SLEPT is sleep, INIT is wake for a sleeper.
 *
 * @throws CONFLICT, naming the present state, for any other move.
 */
export async function setState(gateway: Gateway, id: string, state: string): Promise<Agent> {
  const wanted = state.toUpperCase();
  if (wanted === "SLEPT") return sleepAgent(gateway, id);
  if (wanted === "BUSY" || wanted === "IDLE") return setActivity(gateway, id, wanted);
  if (wanted !== "INIT") throw badInput("state", `"state" must be init, idle, busy or slept`);
  const agent = await wakeAgent(gateway, id);
  if (agent.state !== "INIT") throw cannotMove(agent, wanted);
  return agent;
}
