import type { JsonObject } from "../json.ts";
import type { Transaction } from "../store/store.ts";
import type { LogEvent, NewEvent } from "./event.ts";

/** The row of `Stream` that counts all events; the lock on it makes ids commit-ordered on PostgreSQL. */
const wholeLog = "*";

/** The part of an event that its writer, not its author, knows. */
export interface Written {
  readonly actor: string | null;
  readonly at: Date;
}

/**
 * Writes events inside the caller's transaction and gives each its place. Call it last: from here to
 * COMMIT no other writer can append, which is what makes `id` gapless and commit-ordered.
 */
export async function append(tx: Transaction, events: readonly NewEvent[], written: Written): Promise<LogEvent[]> {
  if (events.length === 0) return [];
  let id = (await advance(tx, wholeLog, events.length)) - BigInt(events.length);
  const heads = await advanceStreams(tx, events);
  const rows = events.map((event): LogEvent => {
    const seq = (heads.get(event.stream) ?? 0) + 1;
    heads.set(event.stream, seq);
    const { space = null, ownerId = null, partOf = null } = event;
    return { ...event, ...written, id: ++id, seq, space, ownerId, partOf };
  });
  await tx.event.createMany({ data: rows.map((row) => ({ ...row, payload: row.payload as object })) }); // JSON by its type
  return rows;
}

/** Where each stream stood before these events. */
async function advanceStreams(tx: Transaction, events: readonly NewEvent[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { stream } of events) counts.set(stream, (counts.get(stream) ?? 0) + 1);
  const heads = new Map<string, number>();
  for (const [stream, count] of counts) heads.set(stream, Number(await advance(tx, stream, count)) - count);
  return heads;
}

async function advance(tx: Transaction, name: string, count: number): Promise<bigint> {
  const { seq } = await tx.stream.upsert({
    where: { name },
    create: { name, seq: count },
    update: { seq: { increment: count } },
    select: { seq: true },
  });
  return seq;
}

/** A payload with what JSON cannot say (dates, `undefined`) turned into what it can. */
export const asPayload = (value: object): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject; // just stringified
