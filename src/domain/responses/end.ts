import { conflict, notFound } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Failure } from "../../engines/engine.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent, Response } from "../../store/generated/client/client.ts";
import { entering } from "../agents/agent.ts";
import { changeAgent } from "../agents/change.ts";
import { homeOf, moveResponse } from "./change.ts";
import { unfinished } from "./response.ts";

type Ending =
  | { readonly status: "CANCELLED"; readonly only?: "PROCESSING" }
  | { readonly status: "FAILED"; readonly failure: Failure; readonly only?: "PROCESSING" };

/** Ends an agent's unfinished responses inside a change, oldest first; whoever runs one sees it end and stops. */
export async function endUnfinished(unit: Unit, agent: Parameters<typeof homeOf>[0], ending: Ending): Promise<number> {
  const status = ending.only ?? { in: [...unfinished] };
  const rows = await unit.tx.response.findMany({
    where: { agentId: agent.id, status },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    select: { id: true },
  });
  const details = ending.status === "FAILED" ? { failure: ending.failure } : {};
  for (const { id } of rows) await moveResponse(unit, homeOf(agent), { id, status }, ending.status, details);
  return rows.length;
}

/**
 * Stops a response, whether it waits or runs; what it recorded so far stays.
 * Cancelling what is cancelled already succeeds and changes nothing.
 *
 * @throws CONFLICT when it has ended otherwise, NOT_FOUND when it is gone.
 */
export async function cancelResponse(gateway: Gateway, agent: Agent, id: string): Promise<Response> {
  return commit(gateway, async (unit) => {
    const where = { id, agentId: agent.id, status: { in: [...unfinished] } };
    const cancelled = await moveResponse(unit, homeOf(agent), where, "CANCELLED");
    if (cancelled) {
      await becomeIdle(unit, agent.id);
      return cancelled;
    }
    const present = await unit.tx.response.findUnique({ where: { id, agentId: agent.id } });
    if (!present) throw notFound("Response", id);
    if (present.status === "CANCELLED") return present;
    throw alreadyEnded(present);
  });
}

/** Cancels everything that the agent has not finished; answers how many there were. */
export async function cancelAgent(gateway: Gateway, agent: Agent): Promise<number> {
  return commit(gateway, async (unit) => {
    const count = await endUnfinished(unit, agent, { status: "CANCELLED" });
    if (count > 0) await becomeIdle(unit, agent.id);
    return count;
  });
}

/** The agent waits again once nothing of its own is being answered. */
export const becomeIdle = (unit: Unit, agentId: string) =>
  changeAgent(
    unit,
    { id: agentId, state: "BUSY", responses: { none: { status: "PROCESSING" } } },
    entering("IDLE", unit.at),
  );

export const alreadyEnded = (response: Response) =>
  conflict(`Response "${response.id}" is ${response.status.toLowerCase()} and cannot change any more`, {
    state: response.status,
  });
