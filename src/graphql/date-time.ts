import { GraphQLScalarType } from "graphql";
import { DateTimeResolver } from "graphql-scalars";

/** So many times are held with their texts, each in the one slot it fits in. A power of two. */
const slots = 4096;

/**
 * Writes times. What is shown again and again is not written again: of a list that is remembered, writing its times
 * would be the largest part.
 */
function createWriter(): (date: Date) => string {
  const times = new Float64Array(slots).fill(Number.NaN);
  const texts: string[] = [];
  return (date) => {
    const time = date.getTime();
    const slot = time & (slots - 1);
    const held = texts[slot];
    if (held !== undefined && times[slot] === time) return held;
    const text = date.toISOString();
    times[slot] = time;
    texts[slot] = text;
    return text;
  };
}

const write = createWriter();

/** A time as RFC 3339 has it, in UTC. */
export const DateTime = new GraphQLScalarType<Date, Date | string>({
  ...DateTimeResolver.toConfig(),
  serialize: (value) => (value instanceof Date ? write(value) : DateTimeResolver.serialize(value)),
});
