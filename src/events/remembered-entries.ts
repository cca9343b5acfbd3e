import { LRUCache } from "lru-cache";
import type { Kind } from "./remembered.ts";

/** A value that is remembered, with the topics that concern it. */
export interface Entry {
  readonly kind: Kind<unknown>;
  readonly key: string;
  readonly value: unknown;
  readonly topics: readonly string[];
}

const mostBytes = 32 * 1024 * 1024;
/** What an entry counts at the least, so that there are never more than 65,536. */
const leastBytes = 512;
const mostBytesOfOne = 1024 * 1024;

/** Where a value of a kind is kept. */
export const placeOf = ({ name }: { readonly name: string }, key: string) => `${name} ${key}`;

/** Entries by their place and by their topics. Where there is no room those go that were not asked for the longest. */
export function createEntries() {
  const byTopic = new Map<string, Set<Entry>>();
  const byPlace = new LRUCache<string, Entry>({
    maxSize: mostBytes,
    maxEntrySize: mostBytesOfOne,
    dispose: (entry) => unlink(byTopic, entry),
  });
  return {
    at: (place: string) => byPlace.get(place),
    /** Freezes the value. One that is too large is not taken. */
    put(entry: Entry) {
      const size = Math.max(leastBytes, freezeAndMeasure(entry.value) + 2 * entry.key.length);
      if (size > mostBytesOfOne) return;
      byPlace.set(placeOf(entry.kind, entry.key), entry, { size });
      link(byTopic, entry);
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
