import type { ItemBody } from "../../engines/engine.ts";
import { GatewayError } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import { leaseEnd } from "../../reconcile/lease.ts";
import type { EngineKind, Response } from "../../store/generated/client/client.ts";
import { emitItems, moveResponse } from "./change.ts";
import type { Respondent } from "./respondent.ts";

const lease = (gateway: Gateway, from: Date) => ({
  leaseOwner: gateway.replicaId,
  leaseUntil: leaseEnd(from),
});

/** What a process has taken of a respondent's, and may have left behind. */
export async function takenOf({ store }: Pick<Gateway, "store">, respondentId: string): Promise<Response | null> {
  const [response] = await store.sql.all<Response>(leased, [respondentId]);
  return response ?? null;
}

const leased = `SELECT * FROM "Response" WHERE "respondentId" = ? AND "status" = 'PROCESSING'
  AND "leaseOwner" IS NOT NULL LIMIT 1`;

/** The response whose turn it is: the most urgent, then the oldest. */
export async function nextPending({ store }: Pick<Gateway, "store">, id: string): Promise<Response | null> {
  const [response] = await store.sql.all<Response>(next, [id, id, id, id]);
  return response ?? null;
}

// Along the index to one row, however many wait or have waited: sorting by priority and age would read all of them.
const waiting = `"respondentId" = ? AND "status" = 'PENDING'`;
const urgent = `${waiting} AND "priority" = (SELECT max("priority") FROM "Response" WHERE ${waiting})`;
const next = `SELECT * FROM "Response" WHERE ${urgent}
  AND "createdAt" = (SELECT min("createdAt") FROM "Response" WHERE ${urgent}) ORDER BY "id" LIMIT 1`;

/** True while this process is the one to answer the response. */
export async function isHeld({ store }: Pick<Gateway, "store">, { id, epoch }: Response): Promise<boolean> {
  const held = `SELECT "id" FROM "Response" WHERE "id" = ? AND "epoch" = ? AND "status" = 'PROCESSING'`;
  return (await store.sql.all(held, [id, epoch])).length > 0;
}

/** How a response is begun. */
interface Beginning {
  readonly engine: EngineKind;
  /** The state that its respondent must still be in. */
  readonly from: "INIT" | "IDLE";
  /** The items that its answer begins with. */
  readonly opening: readonly ItemBody[];
}

/**
 * Takes a waiting response for this process and makes its respondent BUSY; `null` when something else came first,
 * also when the respondent is no longer in the state `from`, or was interrupted since it was this one's turn.
 * From now on writes that name an older epoch are refused.
 */
export async function claim(
  gateway: Gateway,
  respondent: Respondent,
  id: string,
  { engine, from, opening }: Beginning,
): Promise<Response | null> {
  try {
    return await commit(gateway, async (unit) => {
      const details = { claim: lease(gateway, unit.at), engine, opening };
      const claimed = await moveResponse(unit, respondent, { id, status: "PENDING" }, "PROCESSING", details);
      if (!claimed || !(await respondent.becomeBusy(unit, from))) throw cameFirst;
      // From here on whoever interrupts waits, and then sees this one run; who did before is seen here.
      if (await isOvertaken(unit, claimed)) throw cameFirst;
      await emitItems(unit, respondent, id, opening);
      return claimed;
    });
  } catch (error) {
    if (error === cameFirst) return null;
    throw error;
  }
}

const isOvertaken = async ({ sql }: Unit, { respondentId, priority }: Response): Promise<boolean> =>
  (await sql.all(moreUrgent, [respondentId, priority])).length > 0;

const moreUrgent = `SELECT "id" FROM "Response" WHERE "respondentId" = ? AND "status" = 'PENDING'
  AND "priority" > ? LIMIT 1`;

/** Rolls a claim back; nobody outside sees it. */
const cameFirst = new GatewayError("CONFLICT", "something else came first");

/** Takes over a response whose owner has died; `null` when another process was quicker. */
export async function takeOver(gateway: Gateway, response: Response): Promise<Response | null> {
  const now = gateway.now();
  const [taken] = await gateway.store.response.updateManyAndReturn({
    where: { id: response.id, status: "PROCESSING", epoch: response.epoch, leaseUntil: { lte: now } },
    data: { ...lease(gateway, now), epoch: { increment: 1 } },
  });
  return taken ?? null;
}

/** Keeps what this process is answering, for these respondents, from being taken over. */
export const renewLeases = (gateway: Gateway, respondentIds: readonly string[]) =>
  gateway.store.response.updateMany({
    where: { respondentId: { in: [...respondentIds] }, status: "PROCESSING", leaseOwner: gateway.replicaId },
    data: { leaseUntil: leaseEnd(gateway.now()) },
  });

/** Gives a response back unfinished, for the next process to go on with. */
export const releaseClaim = (gateway: Gateway, { id, epoch }: Response) =>
  gateway.store.response.updateMany({
    where: { id, epoch, status: "PROCESSING" },
    data: { leaseUntil: gateway.now() },
  });

/**
 * Ends every lease at start, where this process is the only one that can use the database:
 * whoever held them is dead, and waiting for their end would only delay the truth.
 */
export async function endAllLeases(gateway: Gateway): Promise<void> {
  const leaseUntil = gateway.now();
  await gateway.store.response.updateMany({ where: { leaseUntil: { not: null } }, data: { leaseUntil } });
  await gateway.store.computer.updateMany({ where: { leaseUntil: { not: null } }, data: { leaseUntil: null } });
}
