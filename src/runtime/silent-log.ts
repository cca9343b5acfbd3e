import { once } from "node:events";
import type { LogLine } from "./runtime.ts";

/**
 * The log of a main process that never prints: it ends at once, or when the follower stops following.
 * `check` is asked first and may throw that there is no such container.
 */
export function silentLog(check: () => Promise<unknown>, following: AbortSignal | null): AsyncIterable<LogLine> {
  const next = async () => {
    await check();
    if (following && !following.aborted) await once(following, "abort");
    return { done: true as const, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}
