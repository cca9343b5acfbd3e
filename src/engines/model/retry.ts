import { setTimeout as sleep } from "node:timers/promises";
import { type Trouble, troubleOf } from "./trouble.ts";

export interface Retrying {
  readonly mostAttempts: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** All waits of one step together. */
  readonly longestWaitMs: number;
  /** Waits, or rejects with the signal's reason when it aborts. */
  delay(delayMs: number, signal: AbortSignal): Promise<void>;
  /** From 0 to below 1. */
  random(): number;
  now(): Date;
}

export type Attempted<T> =
  | { readonly value: T }
  | { readonly trouble: Trouble; readonly attempts: number; readonly error: unknown };

/**
 * Tries until it works, the trouble is one that does not pass, or attempts or waiting time are used up. Waits
 * grow exponentially with jitter; a longer wait that the provider asks for is kept.
 *
 * @throws the signal's reason when it aborts.
 */
export async function withRetries<T>(
  retrying: Retrying,
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<Attempted<T>> {
  let waitedMs = 0;
  for (let attempts = 1; ; attempts += 1) {
    try {
      return { value: await attempt() };
    } catch (error) {
      signal.throwIfAborted();
      const trouble = troubleOf(error, retrying.now());
      const delayMs = delayBefore(attempts, trouble, retrying);
      waitedMs += delayMs;
      const hopeless = trouble.kind !== "passing" || attempts >= retrying.mostAttempts;
      if (hopeless || waitedMs > retrying.longestWaitMs) return { trouble, attempts, error };
      await retrying.delay(delayMs, signal);
    }
  }
}

/**
 * Waits by the clock.
 *
 * @throws the signal's reason as soon as it aborts.
 */
export const wait = (delayMs: number, signal: AbortSignal): Promise<void> =>
  sleep(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());

export const usualRetrying: Retrying = {
  mostAttempts: 6,
  firstDelayMs: 1000,
  longestDelayMs: 30_000,
  longestWaitMs: 180_000,
  delay: wait,
  random: Math.random,
  now: () => new Date(),
};

function delayBefore(attempts: number, trouble: Trouble, retrying: Retrying): number {
  const grown = Math.min(retrying.longestDelayMs, retrying.firstDelayMs * 2 ** (attempts - 1));
  const spread = grown * (0.5 + retrying.random() / 2);
  return Math.round(Math.max(spread, trouble.retryAfterMs ?? 0));
}
