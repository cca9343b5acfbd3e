import { conflict, notFound } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Failure } from "../../engines/engine.ts";
import type { Gateway } from "../../gateway.ts";
import type { Response } from "../../store/generated/client/client.ts";
import { type Home, moveResponse } from "./change.ts";
import type { Respondent } from "./respondent.ts";
import { unfinished } from "./response.ts";

type Ending =
  | { readonly status: "CANCELLED"; readonly only?: "PROCESSING" }
  | {
      readonly status: "FAILED";
      readonly failure: Failure;
      /** What is said of those that only waited, where that is something else. */
      readonly notBegun?: Failure;
      readonly only?: "PROCESSING";
    };

/**
 * Ends a respondent's unfinished responses inside a change, first those that are worked on, then the oldest; whoever runs
 * one sees it end and stops.
 */
export async function endUnfinished(unit: Unit, home: Home, ending: Ending): Promise<number> {
  const statuses = [ending.only ?? "PENDING", "PROCESSING"];
  const rows = await unit.sql.all<Pick<Response, "id" | "status">>(standingIn, [home.id, ...statuses]);
  const status = ending.only ?? { in: [...unfinished] };
  for (const row of rows)
    await moveResponse(unit, home, { id: row.id, status }, ending.status, detailsOf(ending, row.status));
  return rows.length;
}

/** By hand, for every sleep and every stop asks it. */
const standingIn = `SELECT "id", "status" FROM "Response"
  WHERE "respondentId" = ? AND "status" IN (?, ?) ORDER BY "status" DESC, "createdAt", "id"`;

function detailsOf(ending: Ending, status: Response["status"]): { readonly failure?: Failure } {
  if (ending.status === "CANCELLED") return {};
  return { failure: status === "PENDING" ? (ending.notBegun ?? ending.failure) : ending.failure };
}

/**
 * Stops a response, whether it waits or runs; what it recorded so far stays, and a call it had begun gets a result that
 * says so.
 * Cancelling what is cancelled already succeeds and changes nothing.
 *
 * @throws CONFLICT when it has ended otherwise, NOT_FOUND when it is gone.
 */
export async function cancelResponse(gateway: Gateway, respondent: Respondent, id: string): Promise<Response> {
  return commit(gateway, async (unit) => {
    const where = { id, respondentId: respondent.id, status: { in: [...unfinished] } };
    const cancelled = await moveResponse(unit, respondent, where, "CANCELLED");
    if (cancelled) {
      await respondent.becomeIdle(unit);
      return cancelled;
    }
    const present = await unit.tx.response.findUnique({ where: { id, respondentId: respondent.id } });
    if (!present) throw notFound("Response", id);
    if (present.status === "CANCELLED") return present;
    throw alreadyEnded(present);
  });
}

/** Cancels everything that the respondent has not finished; answers how many there were. */
export async function cancelAll(gateway: Gateway, respondent: Respondent): Promise<number> {
  return commit(gateway, async (unit) => {
    const count = await endUnfinished(unit, respondent, { status: "CANCELLED" });
    if (count > 0) await respondent.becomeIdle(unit);
    return count;
  });
}

export const alreadyEnded = (response: Response) =>
  conflict(`Response "${response.id}" is ${response.status.toLowerCase()} and cannot change any more`, {
    state: response.status,
  });
