import { LRUCache } from "lru-cache";
import { isJsonObject } from "../json.ts";
import type { Kind } from "./remembered.ts";

/** A value that is remembered, with the topics that concern it. */
export interface Entry {
  readonly kind: Kind<unknown>;
  readonly key: string;
  readonly value: unknown;
  readonly topics: readonly string[];
}

/** An entry as it is kept. */
interface Kept {
  readonly entry: Entry;
  /** What was made of the value, by what made it; `null` until something is. */
  readonly derived: Map<object, unknown> | null;
  readonly bytes: number;
  /** Whether something was made of it. Of what is asked for once, that is not kept. */
  isUsed: boolean;
  /** How many entries had been put when it was last asked for. */
  askedAt: number;
}

const mostBytes = 32 * 1024 * 1024;
/** What an entry counts at the least, so that there are never more than 65,536. */
const leastBytes = 512;
const mostBytesOfOne = 1024 * 1024;
/** So much is made of one value: by a route or two, by a document or two. */
const mostDerived = 4;

/** By a text of kind and key, each look would make that text anew, and take longer than all else about it. */
class ByKind {
  readonly #kinds = new Map<string, Map<string, Kept>>();

  at({ name }: Pick<Kind<unknown>, "name">, key: string): Kept | undefined {
    return this.#kinds.get(name)?.get(key);
  }

  set(kept: Kept): void {
    const { kind, key } = kept.entry;
    this.#kinds.set(kind.name, (this.#kinds.get(kind.name) ?? new Map<string, Kept>()).set(key, kept));
  }

  delete({ kind, key }: Entry): void {
    this.#kinds.get(kind.name)?.delete(key);
  }
}

/** Entries by their kind and key and by their topics. Where there is no room those go that were not asked for the longest. */
export function createEntries() {
  const byTopic = new Map<string, Set<Entry>>();
  const byValue = new WeakMap<object, Kept>();
  const byKind = new ByKind();
  const byUse = new LRUCache<Entry, Kept>({
    maxSize: mostBytes,
    maxEntrySize: mostBytesOfOne,
    sizeCalculation: ({ bytes }) => bytes,
    dispose(_kept, entry) {
      unlink(byTopic, entry);
      byKind.delete(entry);
    },
  });
  let puts = 0;

  const set = (kept: Kept) => {
    byUse.set(kept.entry, kept, { noDisposeOnSet: true }); // it is the same entry
    byKind.set(kept);
    if (isJsonObject(kept.entry.value)) byValue.set(kept.entry.value, kept);
  };

  /** Keeps what was made of a value with it, unless there is no room or the value is no longer there. */
  const keep = <T>(kept: Kept, by: object, made: T): T => {
    const derived = kept.derived ?? new Map<object, unknown>();
    const grown: Kept = { ...kept, derived, bytes: kept.bytes + freezeAndMeasure(made) };
    const fits = grown.bytes <= mostBytesOfOne && derived.size < mostDerived;
    if (!fits || byUse.peek(kept.entry) !== kept) return made;
    derived.set(by, made);
    set(grown);
    return made;
  };

  return {
    at(kind: Pick<Kind<unknown>, "name">, key: string) {
      const kept = byKind.at(kind, key);
      if (kept && kept.askedAt !== puts) {
        kept.askedAt = puts; // until something is put again, the order is nobody's matter
        byUse.get(kept.entry);
      }
      return kept?.entry;
    },
    /** Freezes the value. One that is too large is not taken. */
    put(entry: Entry) {
      const { kind, key, value } = entry;
      const bytes = Math.max(leastBytes, freezeAndMeasure(value) + 2 * key.length);
      if (bytes > mostBytesOfOne) return;
      const before = byKind.at(kind, key);
      if (before) byUse.delete(before.entry);
      set({ entry, bytes, derived: null, isUsed: false, askedAt: ++puts });
      link(byTopic, entry);
    },
    derive: <T>(value: object, by: object, make: () => T): T => {
      const kept = byValue.get(value);
      if (!kept?.isUsed) {
        if (kept) kept.isUsed = true;
        return make();
      }
      return (kept.derived?.get(by) as T | undefined) ?? keep(kept, by, make()); // each `by` makes one kind of thing
    },
    remove: (entry: Entry) => byUse.delete(entry),
    /** Each entry that one of the topics concerns, once. */
    concernedBy: (topics: readonly string[]): ReadonlySet<Entry> =>
      new Set(topics.flatMap((topic) => [...(byTopic.get(topic) ?? [])])),
    clear: () => byUse.clear(),
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
