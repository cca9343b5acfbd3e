import type { LogEvent } from "./event.ts";

/** One kind of thing that is remembered, and what concerns it. */
export interface Kind<T> {
  readonly name: string;
  /** The topics that concern a value: names that {@link topicsOf} gives to events. */
  topics(value: T, key: string): readonly string[];
  /** What the value is after an event that concerns it; where this is missing or answers `null`, it is forgotten. */
  renew?(event: LogEvent, value: T): T | null;
}

/** Rows that lists are made of. */
export interface RowKind<Row> extends Kind<Row> {
  keyOf(row: Row): string;
}

/**
 * A list. It is remembered as the keys of its rows, and they by themselves, so that a row which changes stays in it:
 * what concerns a list is what adds to it and takes from it.
 */
export interface ListKind<Row> extends Kind<readonly string[]> {
  readonly rows: RowKind<Row>;
}

/** Topics of an event that only a room can tell. */
export type MoreTopics = (event: LogEvent) => readonly string[];

/** The topic of a thing's deletion: what refers to it does so no longer, or goes with it. */
export const deletionOf = (id: string) => `deleted:${id}`;

/** What an event concerns: its stream, all streams of that kind (`agent:*`), all events of its type, a deletion. */
export function topicsOf({ stream, type, payload }: LogEvent): readonly string[] {
  const topics = [stream, `${stream.slice(0, stream.indexOf(":"))}:*`, type];
  const { id } = payload;
  return type.endsWith(".deleted") && typeof id === "string" ? [...topics, deletionOf(id)] : topics;
}

const rowOfPayload = new WeakMap<object, object>();

/**
 * The payload of an event about a row. Within this process the announcement brings the row along, as it is after the
 * event, also what the payload does not show.
 */
export function tellingOf<Payload extends object>(payload: Payload, row: object | null): Payload {
  if (row) rowOfPayload.set(payload, row);
  return payload;
}

/** The row that an announcement brings along: as it is after the event. */
const rowToldBy = (event: LogEvent): object | null => rowOfPayload.get(event.payload) ?? null;

const isLast = ({ type }: LogEvent) => type.endsWith(".deleted") || type.endsWith(".removed");

/** Rows by one column, renewed by the events that bring them along. */
export function rowsOf<Row extends object>(
  name: string,
  { keyOf, topics }: { readonly keyOf: (row: Row) => string; readonly topics: (row: Row) => readonly string[] },
): RowKind<Row> {
  return {
    name,
    keyOf,
    topics,
    renew(event, row) {
      const told = isLast(event) ? null : (rowToldBy(event) as Row | null); // a kind of stream tells one kind of row
      return told && keyOf(told) === keyOf(row) ? told : null;
    },
  };
}
