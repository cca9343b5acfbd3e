import type { JsonObject } from "../json.ts";
import { forRows, type Sql, type SqlValue } from "../store/sql.ts";
import type { LogEvent, NewEvent } from "./event.ts";

/** The row of `Stream` that counts all events; the lock on it makes ids commit-ordered on PostgreSQL. */
const wholeLog = "*";

/** So many rows are written by one statement at the most. */
const mostAtOnce = 50;

/** The part of an event that its writer, not its author, knows. */
export interface Written {
  readonly actor: string | null;
  readonly at: Date;
}

/**
 * Writes events inside the caller's transaction and gives each its place. Call it last: from here to
 * COMMIT no other writer can append, which is what makes `id` gapless and commit-ordered.
 */
export async function append(sql: Sql, events: readonly NewEvent[], written: Written): Promise<LogEvent[]> {
  if (events.length === 0) return [];
  const before = await advance(sql, events);
  let id = before.get(wholeLog) ?? 0n;
  const rows = events.map((event): LogEvent => {
    const seq = (before.get(event.stream) ?? 0n) + 1n;
    before.set(event.stream, seq);
    const { space = null, ownerId = null, partOf = null } = event;
    return { ...event, ...written, id: ++id, seq: Number(seq), space, ownerId, partOf };
  });
  for (const some of portionsOf(rows)) await sql.run(insertOf(some.length), some.flatMap(columnsOf));
  return rows;
}

/**
 * Waits until no other transaction that appends is open, and keeps others waiting: what is read from here to COMMIT
 * nobody changes who writes an event with it. SQLite has one writer at a time anyway.
 */
export async function oneAtATime(sql: Sql): Promise<void> {
  await sql.run(`UPDATE "Stream" SET "seq" = "seq" WHERE "name" = ?`, [wholeLog]);
}

/** Counts the events in, and answers where the log and each of their streams stood before; the log's row comes first. */
async function advance(sql: Sql, events: readonly NewEvent[]): Promise<Map<string, bigint>> {
  const counts = new Map([[wholeLog, events.length]]);
  for (const { stream } of events) counts.set(stream, (counts.get(stream) ?? 0) + 1);
  const before = new Map<string, bigint>();
  for (const some of portionsOf([...counts])) {
    const heads = await sql.all<{ name: string; seq: bigint }>(advanceOf(some.length), some.flat());
    for (const { name, seq } of heads) before.set(name, seq - BigInt(counts.get(name) ?? 0));
  }
  return before;
}

const advanceOf = forRows(
  2,
  (places) => `INSERT INTO "Stream" ("name", "seq") VALUES ${places}
    ON CONFLICT ("name") DO UPDATE SET "seq" = "Stream"."seq" + excluded."seq" RETURNING "name", "seq"`,
);

const insertOf = forRows(
  10,
  (places) => `INSERT INTO "Event"
    ("id", "stream", "seq", "type", "payload", "actor", "space", "ownerId", "partOf", "at") VALUES ${places}`,
);

const columnsOf = (event: LogEvent): SqlValue[] => [
  event.id,
  event.stream,
  event.seq,
  event.type,
  event.payload,
  event.actor,
  event.space,
  event.ownerId,
  event.partOf,
  event.at,
];

function portionsOf<T>(all: readonly T[]): readonly (readonly T[])[] {
  if (all.length <= mostAtOnce) return [all];
  const count = Math.ceil(all.length / mostAtOnce);
  return Array.from({ length: count }, (_, at) => all.slice(at * mostAtOnce, (at + 1) * mostAtOnce));
}

/** A payload with what JSON cannot say (dates, `undefined`) turned into what it can. */
export const asPayload = (value: object): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject; // just stringified
