import { badInput } from "../errors.ts";
import type { Prisma } from "../store/generated/client/client.ts";
import type { Store } from "../store/store.ts";
import type { JsonObject } from "../json.ts";
import type { LogEvent } from "./event.ts";

/** A stretch of the log, read from the table. */
export interface Page {
  readonly events: readonly LogEvent[];
  /** Everything up to here has been looked at. */
  readonly through: bigint;
  /** True when there may be more right now. */
  readonly more: boolean;
}

/** What a reader of the whole log wants to see; absent keys leave everything in. */
export interface EventFilter {
  readonly streams?: readonly string[];
  /** Such as `agent:`. */
  readonly streamPrefix?: string;
  readonly types?: readonly string[];
  readonly spaces?: readonly string[];
}

/** The number of the newest event of a stream, or of the whole log with `*`; 0 when there is none. */
export async function headOf(store: Pick<Store, "stream">, stream: string): Promise<bigint> {
  const head = await store.stream.findUnique({ where: { name: stream }, select: { seq: true } });
  return head?.seq ?? 0n;
}

/**
 * Where a reader of the whole log begins: after the cursor it brought, or at the newest event.
 *
 * @throws BAD_USER_INPUT for a cursor beyond the newest event: it is from another log, and what comes would be missed.
 */
export async function placeInLog(store: Pick<Store, "stream">, after: bigint | null | undefined): Promise<bigint> {
  const head = await headOf(store, "*");
  if (after != null && after > head) throw badInput("after", `"after" must be from 0 to ${head}, the newest cursor`);
  return after ?? head;
}

/** Events of one stream with `seq` above `after`, in order. */
export async function readStream(store: Store, stream: string, after: bigint, limit: number): Promise<Page> {
  const rows = await store.event.findMany({
    where: { stream, seq: { gt: Number(after) } },
    orderBy: { seq: "asc" },
    take: limit,
  });
  const events = rows.map(asLogEvent);
  return { events, through: BigInt(events.at(-1)?.seq ?? after), more: events.length === limit };
}

/** Events of the whole log that match, with `id` above `after`, in the order of their commits. */
export async function readLog(store: Store, filter: EventFilter, after: bigint, limit: number): Promise<Page> {
  const head = await headOf(store, "*");
  if (head <= after) return { events: [], through: after, more: false };
  const rows = await store.event.findMany({
    where: { id: { gt: after, lte: head }, ...whereOf(filter) },
    orderBy: { id: "asc" },
    take: limit,
  });
  const events = rows.map(asLogEvent);
  const more = events.length === limit;
  return { events, through: more ? (events.at(-1)?.id ?? head) : head, more };
}

/** True for an event that the filter lets through; the twin of the query for live events. */
export const matches = (filter: EventFilter, event: LogEvent): boolean =>
  (filter.streams?.includes(event.stream) ?? true) &&
  (filter.streamPrefix === undefined || event.stream.startsWith(filter.streamPrefix)) &&
  (filter.types?.includes(event.type) ?? true) &&
  (filter.spaces === undefined || (event.space !== null && filter.spaces.includes(event.space)));

/** The filter as a condition on the table. */
export const whereOf = (filter: EventFilter): Prisma.EventWhereInput => ({
  AND: [
    filter.streams ? { stream: { in: [...filter.streams] } } : {},
    filter.streamPrefix === undefined ? {} : { stream: { startsWith: filter.streamPrefix } },
    filter.types ? { type: { in: [...filter.types] } } : {},
    filter.spaces ? { space: { in: [...filter.spaces] } } : {},
  ],
});

/** A row as readers get it. */
export const asLogEvent = (row: Prisma.EventGetPayload<object>): LogEvent => ({
  ...row,
  payload: row.payload as JsonObject, // only objects are ever appended
  partOf: row.partOf as LogEvent["partOf"], // only these are ever appended
});
