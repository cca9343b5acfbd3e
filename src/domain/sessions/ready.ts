import type { Unit } from "../../events/commit.ts";
import type { Prisma, Session } from "../../store/generated/client/client.ts";
import { changeSession } from "./change.ts";
import { entering } from "./session.ts";

/**
 * Ends a session's INIT: it waits for a message, or is at one already when an outside worker has taken it meanwhile.
 * `null`, and no change, when it is no longer as `where` says.
 */
export async function becomeReady(
  unit: Unit,
  where: Prisma.SessionWhereInput & { readonly id: string },
  more: Prisma.SessionUncheckedUpdateManyInput = {},
): Promise<Session | null> {
  const taken = await unit.tx.response.count({ where: { respondentId: where.id, status: "PROCESSING" } });
  const state = taken > 0 ? "BUSY" : "IDLE";
  return changeSession(unit, { ...where, state: "INIT" }, { ...entering(state, unit.at), ...more });
}
