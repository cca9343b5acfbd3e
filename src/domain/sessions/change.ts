import { notFound } from "../../errors.ts";
import { asPayload } from "../../events/append.ts";
import type { Unit } from "../../events/commit.ts";
import { tellingOf } from "../../events/remembered.ts";
import type { JsonObject } from "../../json.ts";
import type { Prisma, Session } from "../../store/generated/client/client.ts";
import type { Store, Transaction } from "../../store/store.ts";
import { sessionStream } from "./session.ts";

/** `rested` and `deleted` end what belongs to the session; `timedOut` ends what it was answering. */
export type SessionEventType =
  | "session.created"
  | "session.changed"
  | "session.rested"
  | "session.timedOut"
  | "session.deleted";

/** Why a session rests. */
export type RestCause = "PAUSED" | "SUSPENDED" | "CLOSED" | "COMPUTER_FAILED";

/**
 * Changes the session if it still is as `where` says, with its event; `null`, and no change, when it is not.
 * The one way to change a session: what is read first can be old by the time of the write.
 */
export async function changeSession(
  unit: Unit,
  where: Prisma.SessionWhereInput,
  data: Prisma.SessionUncheckedUpdateManyInput,
  event: { readonly type: SessionEventType; readonly facts?: JsonObject } = { type: "session.changed" },
): Promise<Session | null> {
  const [session] = await unit.tx.session.updateManyAndReturn({ where, data: { updatedAt: unit.at, ...data } });
  if (!session) return null;
  await emitSession(unit, event.type, session, event.facts);
  return session;
}

/** Writes one event of the session; its payload is the session as it now is. */
export const emitSession = (unit: Unit, type: SessionEventType, session: Session, facts: JsonObject = {}) =>
  unit.emit({
    stream: sessionStream(session.id),
    type,
    space: session.spaceName,
    ownerId: session.createdById,
    payload: tellingOf({ ...asPayload(snapshotOf(session)), ...facts }, session),
  });

/** What readers of events may see of a session: everything but its long and private texts. */
function snapshotOf(session: Session) {
  const { instructions: _instructions, contextSummary: _contextSummary, ...shown } = session;
  return shown;
}

export type SessionSnapshot = ReturnType<typeof snapshotOf>;

const dateColumns = [
  "busyFrom",
  "contextCutoffAt",
  "startedAt",
  "lastActivityAt",
  "terminatedAt",
  "createdAt",
  "updatedAt",
] as const satisfies readonly (keyof SessionSnapshot)[];

/** The session as an event shows it, with its dates as dates again. */
export function sessionOf(event: { readonly payload: JsonObject }): SessionSnapshot {
  const dates = dateColumns.map((column) => {
    const text = event.payload[column];
    return [column, typeof text === "string" ? new Date(text) : null];
  });
  return { ...event.payload, ...Object.fromEntries(dates) } as SessionSnapshot; // written by emitSession
}

/**
 * The session as it is, held until the change is made: whoever moves it waits for what is being added to it.
 *
 * @throws NOT_FOUND when the session is gone.
 */
export async function holdSession({ tx, at }: Unit, id: string): Promise<Session> {
  const [session] = await tx.session.updateManyAndReturn({ where: { id }, data: { lastActivityAt: at } });
  if (!session) throw notFound("Session", id);
  return session;
}

/** Why the session rests that an event `session.rested` is about. */
export const restCauseOf = (event: { readonly payload: JsonObject }) => event.payload["cause"] as RestCause; // its writers say

/** @throws NOT_FOUND when the session is gone. */
export async function sessionById(store: Pick<Store | Transaction, "session">, id: string): Promise<Session> {
  const session = await store.session.findUnique({ where: { id } });
  if (!session) throw notFound("Session", id);
  return session;
}
