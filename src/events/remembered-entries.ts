import { LRUCache } from "lru-cache";
import type { Kind } from "./remembered.ts";

/** A value that is remembered, with the topics that concern it. */
export interface Entry {
  readonly kind: Kind<unknown>;
  readonly key: string;
  readonly value: unknown;
  readonly topics: readonly string[];
}

/** An entry at its place. */
interface Kept {
  readonly entry: Entry;
  /** What was made of the value, by what made it; `null` until something is. */
  readonly derived: Map<object, unknown> | null;
  readonly bytes: number;
  /** Whether something was made of it. Of what is asked for once, that is not kept. */
  isUsed: boolean;
}

const mostBytes = 32 * 1024 * 1024;
/** What an entry counts at the least, so that there are never more than 65,536. */
const leastBytes = 512;
const mostBytesOfOne = 1024 * 1024;
/** So much is made of one value: by a route or two, by a document or two. */
const mostDerived = 4;

/** Where a value of a kind is kept. */
export const placeOf = ({ name }: { readonly name: string }, key: string) => `${name} ${key}`;

/** Entries by their place and by their topics. Where there is no room those go that were not asked for the longest. */
export function createEntries() {
  const byTopic = new Map<string, Set<Entry>>();
  const byValue = new WeakMap<object, Kept>();
  const byPlace = new LRUCache<string, Kept>({
    maxSize: mostBytes,
    maxEntrySize: mostBytesOfOne,
    sizeCalculation: ({ bytes }) => bytes,
    dispose: ({ entry }) => unlink(byTopic, entry),
  });

  /** Keeps what was made of a value with it, unless there is no room or the value is no longer there. */
  const keep = <T>(value: object, kept: Kept, by: object, made: T): T => {
    const place = placeOf(kept.entry.kind, kept.entry.key);
    const derived = kept.derived ?? new Map<object, unknown>();
    const grown: Kept = { ...kept, derived, bytes: kept.bytes + freezeAndMeasure(made) };
    const fits = grown.bytes <= mostBytesOfOne && derived.size < mostDerived;
    if (!fits || byPlace.peek(place) !== kept) return made;
    derived.set(by, made);
    byPlace.set(place, grown, { noDisposeOnSet: true });
    byValue.set(value, grown);
    return made;
  };

  return {
    at: (place: string) => byPlace.get(place)?.entry,
    /** Freezes the value. One that is too large is not taken. */
    put(entry: Entry) {
      const { kind, key, value } = entry;
      const bytes = Math.max(leastBytes, freezeAndMeasure(value) + 2 * key.length);
      if (bytes > mostBytesOfOne) return;
      const kept: Kept = { entry, bytes, derived: null, isUsed: false };
      byPlace.set(placeOf(kind, key), kept);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) byValue.set(value, kept);
      link(byTopic, entry);
    },
    derive: <T>(value: object, by: object, make: () => T): T => {
      const kept = byValue.get(value);
      if (!kept?.isUsed) {
        if (kept) kept.isUsed = true;
        return make();
      }
      return (kept.derived?.get(by) as T | undefined) ?? keep(value, kept, by, make()); // each `by` makes one kind of thing
    },
    remove: ({ kind, key }: Entry) => byPlace.delete(placeOf(kind, key)),
    /** Each entry that one of the topics concerns, once. */
    concernedBy: (topics: readonly string[]): ReadonlySet<Entry> =>
      new Set(topics.flatMap((topic) => [...(byTopic.get(topic) ?? [])])),
    clear: () => byPlace.clear(),
  };
}

function link(byTopic: Map<string, Set<Entry>>, entry: Entry): void {
  for (const topic of entry.topics) {
    const entries = byTopic.get(topic);
    if (entries) entries.add(entry);
    else byTopic.set(topic, new Set([entry]));
  }
}

function unlink(byTopic: Map<string, Set<Entry>>, entry: Entry): void {
  for (const topic of entry.topics) {
    const entries = byTopic.get(topic);
    entries?.delete(entry);
    if (entries?.size === 0) byTopic.delete(topic);
  }
}

/** Freezes a value with all that is in it and estimates its bytes, as of Latin letters. JSON may be too deep for a function in itself. */
function freezeAndMeasure(value: unknown): number {
  const left: unknown[] = [value];
  let bytes = 0;
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === "string") bytes += 24 + next.length;
    else if (typeof next !== "object" || next === null) bytes += 8;
    else if (next instanceof Date) bytes += 64;
    else {
      bytes += 48;
      for (const part of Object.values(Object.freeze(next))) left.push(part);
    }
  }
  return bytes;
}
