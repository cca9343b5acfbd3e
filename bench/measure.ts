import type { Measured } from "./harness/rounds.ts";

/** The value below which the given share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** The value in the middle of the samples. */
export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

/** Milliseconds that `work` takes. */
export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** One line of the results. */
export interface Result {
  readonly work: string;
  readonly goal: string;
  readonly measured: string;
  readonly reached: boolean;
  /** How often the number has what the goal asks for: 1 reaches it, more is better. */
  readonly share?: number;
  /** Its name in `goals.ts`, where it has one. */
  readonly key?: string;
  /** It was reached once and has become worse by more than a third. */
  readonly fallen?: boolean;
}

/** What a bench came to: lines for the goals, and everybody's numbers behind them. */
export interface Report {
  readonly results: readonly Result[];
  readonly measured?: readonly Measured[];
}

/** A bench's report under the name that runs it; `error` says why it broke off. */
export interface Entry extends Report {
  readonly name: string;
  readonly error?: unknown;
}

const ms = (value: number) => `${value.toFixed(1)} ms`;

/** A time against a fixed limit. */
export const againstLimit = (work: string, samples: readonly number[], limitMs: number): Result => ({
  work,
  goal: `p50 ≤ ${limitMs} ms`,
  measured: `p50 ${ms(median(samples))}, p95 ${ms(percentile(samples, 0.95))} (${samples.length} times)`,
  reached: median(samples) <= limitMs,
});

/** A time against the bare engine's own, measured in the same rounds. */
export function againstBare(work: string, samples: readonly number[], bare: readonly number[], limit: number): Result {
  const ratio = median(samples) / median(bare);
  const both = `p50 ${ms(median(samples))} to ${ms(median(bare))}`;
  return { work, goal: `≤ ${limit} × bare`, measured: `${ratio.toFixed(2)} × (${both})`, reached: ratio <= limit };
}
