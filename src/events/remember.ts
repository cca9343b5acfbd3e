import type { LogEvent } from "./event.ts";
import { type Kind, type ListKind, type MoreTopics, topicsOf } from "./remembered.ts";
import { createEntries, type Entry } from "./remembered-entries.ts";
import { createReadings } from "./remembered-readings.ts";

/**
 * What was read, for as long as no event says that it changed. Whoever got the acknowledgement of a change never
 * gets what was before it. What is remembered is frozen; what is absent (`null`) is not remembered.
 */
export interface Memory {
  /** At once and without the database, when it is remembered. */
  recall<T>(kind: Kind<T>, key: string): T | undefined;
  /** The values of the keys; those that are not remembered come from one call of `read`, in its order. */
  load<T>(kind: Kind<T>, keys: readonly string[], read: ReadMany<T | null>): Promise<(T | null)[]>;
  /** A list with its rows, when all of it is remembered. */
  recallList<Row>(kind: ListKind<Row>, key: string): readonly Row[] | undefined;
  /** Lists with their rows, as {@link Memory.load} does it. */
  loadLists<Row>(kind: ListKind<Row>, keys: readonly string[], read: ReadMany<readonly Row[]>): Promise<Lists<Row>>;
  /**
   * What is made of a value alone, such as its text. From the second time on it is kept for as long as the value is
   * remembered, frozen too; of a value that is not, it is made anew each time. `by` names what makes it.
   */
  derive<T>(value: object, by: object, make: () => T): T;
  /** Takes in what was committed; it must hear of it before anybody else does. */
  hear(events: readonly LogEvent[]): void;
  /** Forgets what a topic concerns, after a change that no event tells of. */
  forget(topic: string): void;
  forgetAll(): void;
}

type Lists<Row> = readonly (readonly Row[])[];
type ReadMany<T> = (keys: readonly string[]) => Promise<readonly T[]>;

/** A longer key is that of somebody who looks for what nobody else looks for. */
const longestKey = 2000;
/** What is read for one kind and key at one time is read once. */
const placeOf = ({ name }: Pick<Kind<unknown>, "name">, key: string) => `${name} ${key}`;
/** Announced to those who are reading when all is forgotten. */
const everything = "*";

/** Makes an empty memory. `more` names what rooms know their events to concern. */
export function createMemory(more: readonly MoreTopics[] = []): Memory {
  const entries = createEntries();
  const readings = createReadings();
  let newest: bigint | null = null;

  const recall = <T>(kind: Kind<T>, key: string) => entries.at(kind, key)?.value as T | undefined; // as kept

  /** Unless it was announced meanwhile that it changed. What is remembered already is no older. */
  const keep = <T>(kind: Kind<T>, key: string, value: T, announced: ReadonlySet<string>) => {
    if (value == null || key.length > longestKey || recall(kind, key) !== undefined) return;
    const topics = kind.topics(value, key);
    if (announced.has(everything) || topics.some((topic) => announced.has(topic))) return;
    entries.put({ kind, key, value, topics });
  };

  const keepList = <Row>(kind: ListKind<Row>, key: string, rows: readonly Row[], announced: ReadonlySet<string>) => {
    const keys = rows.map((row) => kind.rows.keyOf(row));
    for (const [index, row] of rows.entries()) keep(kind.rows, keys[index] ?? "", row, announced);
    keep(kind, key, keys, announced);
  };

  const recallList = <Row>(kind: ListKind<Row>, key: string) => {
    const rows = recall(kind, key)?.map((one) => recall(kind.rows, one));
    return rows?.every((row) => row !== undefined) ? rows : undefined;
  };

  const announce = (topics: readonly string[], event: LogEvent | null) => {
    readings.announce(topics);
    for (const entry of entries.concernedBy(topics)) renew(entries, entry, event);
  };

  const forgetAll = () => {
    readings.announce([everything]);
    entries.clear();
  };

  return {
    recall,
    recallList,
    load: <T>(kind: Kind<T>, keys: readonly string[], read: ReadMany<T | null>) =>
      readings.values<T | null>(keys, {
        read,
        placeOf: (key) => placeOf(kind, key),
        recall: (key) => recall(kind, key),
        keep: (key, value, announced) => value !== null && keep(kind, key, value, announced),
      }),
    loadLists: <Row>(kind: ListKind<Row>, keys: readonly string[], read: ReadMany<readonly Row[]>) =>
      readings.values<readonly Row[]>(keys, {
        read,
        placeOf: (key) => placeOf(kind, key),
        recall: (key) => recallList(kind, key),
        keep: (key, rows, announced) => keepList(kind, key, rows, announced),
      }),
    derive: entries.derive,
    hear(events) {
      for (const event of events) {
        // Ids have no gaps: where one is missing, something changed that nobody said.
        if (newest !== null && event.id !== newest + 1n) forgetAll();
        newest = event.id;
        const topics = [...topicsOf(event), ...more.flatMap((topicsOfRoom) => topicsOfRoom(event))];
        announce(topics, event);
      }
    },
    forget: (topic) => announce([topic], null),
    forgetAll,
  };
}

function renew(entries: ReturnType<typeof createEntries>, entry: Entry, event: LogEvent | null): void {
  const { kind, key, value } = entry;
  const renewed = (event && kind.renew?.(event, value)) ?? null;
  if (renewed === value) return;
  entries.remove(entry);
  if (renewed !== null) entries.put({ kind, key, value: renewed, topics: kind.topics(renewed, key) });
}

/** Remembers nothing: for a gateway that shares its database, where announcements come late or never. */
export function createNoMemory(): Memory {
  const nothing = () => undefined;
  return {
    recall: nothing,
    recallList: nothing,
    load: async (_kind, keys, read) => [...(await read(keys))],
    loadLists: (_kind, keys, read) => read(keys),
    derive: (_value, _by, make) => make(),
    hear: nothing,
    forget: nothing,
    forgetAll: nothing,
  };
}
