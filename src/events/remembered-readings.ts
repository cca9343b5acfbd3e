/** Where the values of keys come from, and go to. */
export interface Source<Value> {
  /** What is read for one place at one time is read once. */
  readonly placeOf: (key: string) => string;
  readonly recall: (key: string) => Value | undefined;
  /** Reads the values of the keys, in their order. */
  readonly read: (keys: readonly string[]) => Promise<readonly Value[]>;
  /** Takes a value that was read, with what was announced since the read began. */
  readonly keep: (key: string, value: Value, announced: ReadonlySet<string>) => void;
}

/** A read that has not ended, and what was announced since it began. */
interface Reading {
  readonly announced: Set<string>;
  readonly values: Promise<ReadonlyMap<string, unknown>>;
}

/** Reads that are going on. One of the same is joined, unless something was announced since it began. */
export function createReadings() {
  const going = new Set<Set<string>>();
  const byPlace = new Map<string, Reading>();

  const begin = <Value>(keys: readonly string[], source: Source<Value>): Reading => {
    const places = keys.map(source.placeOf);
    const announced = new Set<string>();
    going.add(announced);
    const values = readInto(keys, source, announced).finally(() => {
      going.delete(announced);
      for (const place of places) if (byPlace.get(place)?.announced === announced) byPlace.delete(place);
    });
    const reading = { announced, values };
    for (const place of places) byPlace.set(place, reading);
    return reading;
  };

  const joinable = (place: string): Reading | undefined => {
    const reading = byPlace.get(place);
    return reading?.announced.size === 0 ? reading : undefined;
  };

  return {
    /** The values of the keys, in their order: recalled, from reads that are going on, and the rest from one more. */
    async values<Value>(keys: readonly string[], source: Source<Value>): Promise<Value[]> {
      const found = new Map<string, Value>();
      const awaited = new Map<string, Reading>();
      const missing: string[] = [];
      for (const key of new Set(keys)) {
        const value = source.recall(key);
        const reading = value === undefined ? joinable(source.placeOf(key)) : undefined;
        if (value !== undefined) found.set(key, value);
        else if (reading) awaited.set(key, reading);
        else missing.push(key);
      }
      const own = missing.length > 0 ? begin(missing, source) : null;
      for (const key of missing) if (own) awaited.set(key, own);
      const take = async ([key, { values }]: [string, Reading]) => found.set(key, (await values).get(key) as Value); // of this source
      await Promise.all([...awaited].map(take));
      return keys.map((key) => found.get(key) as Value); // every key has one by now
    },
    announce(topics: readonly string[]) {
      for (const announced of going) for (const topic of topics) announced.add(topic);
    },
  };
}

async function readInto<Value>(
  keys: readonly string[],
  { read, keep }: Source<Value>,
  announced: ReadonlySet<string>,
): Promise<ReadonlyMap<string, unknown>> {
  const values = await read(keys);
  for (const [index, value] of values.entries()) keep(keys[index] ?? "", value, announced);
  return new Map(keys.map((key, index) => [key, values[index]]));
}
