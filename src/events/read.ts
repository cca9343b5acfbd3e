import { badInput, GatewayError } from "../errors.ts";
import type { Prisma } from "../store/generated/client/client.ts";
import type { Store } from "../store/store.ts";
import type { JsonObject } from "../json.ts";
import type { LogEvent, PartOf } from "./event.ts";
import { forgotten } from "./forget.ts";

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
  /** About what this account made. */
  readonly ownerId?: string;
  readonly partOf?: PartOf;
  /** One of these fits as well. */
  readonly anyOf?: readonly EventFilter[];
}

/** The number of the newest event of a stream, or of the whole log with `*`; 0 when there is none. */
export async function headOf(store: Pick<Store, "stream">, stream: string): Promise<bigint> {
  const head = await store.stream.findUnique({ where: { name: stream }, select: { seq: true } });
  return head?.seq ?? 0n;
}

/**
 * Where a reader of the whole log begins: after the cursor it brought, or at the newest event.
 *
 * @throws BAD_USER_INPUT for a cursor beyond the newest event: it is from another log, and what comes would be missed;
 *   and, with `oldestCursor`, for one from before an event that was forgotten.
 */
export async function placeInLog(store: Pick<Store, "stream">, after: bigint | null | undefined): Promise<bigint> {
  const heads = await store.stream.findMany({ where: { name: { in: ["*", forgotten] } } });
  const [head, gone] = ["*", forgotten].map((name) => heads.find((stream) => stream.name === name)?.seq ?? 0n);
  if (after == null) return head ?? 0n;
  checkCursor(after, gone ?? 0n, head ?? 0n);
  return after;
}

function checkCursor(after: bigint, gone: bigint, head: bigint): void {
  if (after > head) throw badInput("after", `"after" must be from ${gone} to ${head}, the newest cursor`);
  if (after >= gone) return;
  const missed = `Events after the cursor ${after} have been forgotten: read anew what is now, and go on after ${gone}`;
  throw new GatewayError("BAD_USER_INPUT", missed, { field: "after", oldestCursor: String(gone) });
}

/** Events of one stream with `seq` above `after`, in order. */
export async function readStream(store: Store, stream: string, after: bigint, limit: number): Promise<Page> {
  const events = await store.sql.all<LogEvent>(streamPage, [stream, Number(after), limit]);
  return { events, through: BigInt(events.at(-1)?.seq ?? after), more: events.length === limit };
}

/** By hand, for every subscription begins with it. */
const streamPage = `SELECT * FROM "Event" WHERE "stream" = ? AND "seq" > ? ORDER BY "seq" LIMIT ?`;

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
  return { events, through: more ? (events.at(-1)?.id ?? after) : head, more };
}

/** True for an event that the filter lets through; the twin of the query for live events. */
export const matches = (filter: EventFilter, event: LogEvent): boolean =>
  (filter.streams?.includes(event.stream) ?? true) &&
  (filter.streamPrefix === undefined || event.stream.startsWith(filter.streamPrefix)) &&
  (filter.types?.includes(event.type) ?? true) &&
  (filter.spaces === undefined || (event.space !== null && filter.spaces.includes(event.space))) &&
  (filter.ownerId === undefined || event.ownerId === filter.ownerId) &&
  (filter.partOf === undefined || event.partOf === filter.partOf) &&
  (filter.anyOf?.some((one) => matches(one, event)) ?? true);

/** The filter as a condition on the table. */
export const whereOf = (filter: EventFilter): Prisma.EventWhereInput => ({
  AND: [
    filter.streams ? { stream: { in: [...filter.streams] } } : {},
    filter.streamPrefix === undefined ? {} : { stream: { startsWith: literally(filter.streamPrefix) } },
    filter.types ? { type: { in: [...filter.types] } } : {},
    filter.spaces ? { space: { in: [...filter.spaces] } } : {},
    filter.ownerId === undefined ? {} : { ownerId: filter.ownerId },
    filter.partOf === undefined ? {} : { partOf: filter.partOf },
    filter.anyOf ? { OR: filter.anyOf.map(whereOf) } : {},
  ],
});

/** The text itself: what LIKE would take for a wildcard stands for itself, as it does for live events. */
const literally = (text: string) => text.replaceAll(/[\\%_]/g, "\\$&");

/** A row as readers get it. */
export const asLogEvent = (row: Prisma.EventGetPayload<object>): LogEvent => ({
  ...row,
  payload: row.payload as JsonObject, // only objects are ever appended
  partOf: row.partOf as LogEvent["partOf"], // only these are ever appended
});
