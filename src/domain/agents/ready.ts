import type { Unit } from "../../events/commit.ts";
import type { Agent, Prisma } from "../../store/generated/client/client.ts";
import { entering } from "./agent.ts";
import { changeAgent } from "./change.ts";

/**
 * Ends an agent's INIT: it waits for work, or is at it already when an outside worker has taken a response meanwhile.
 * `null`, and no change, when it is no longer as `where` says.
 */
export async function becomeReady(
  unit: Unit,
  where: Prisma.AgentWhereInput & { readonly id: string },
  more: Prisma.AgentUpdateManyMutationInput = {},
): Promise<Agent | null> {
  const taken = await unit.tx.response.count({ where: { respondentId: where.id, status: "PROCESSING" } });
  const state = taken > 0 ? "BUSY" : "IDLE";
  return changeAgent(unit, { ...where, state: "INIT" }, { ...entering(state, unit.at), ...more });
}
