import type { Measured } from "./harness/rounds.ts";

/** The value below which the given share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

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
  /** It was reached once and has become worse by more than a third. */
  readonly fallen?: boolean;
}

/** What a bench came to: lines for the goals, and everybody's numbers behind them. */
export interface Report {
  readonly results: readonly Result[];
  readonly measured?: readonly Measured[];
}

const ms = (value: number) => `${value.toFixed(1)} ms`;

/** A time against a fixed limit. */
export const againstLimit = (work: string, samples: readonly number[], limitMs: number): Result => ({
  work,
  goal: `p50 ≤ ${limitMs} ms`,
  measured: `p50 ${ms(percentile(samples, 0.5))}, p95 ${ms(percentile(samples, 0.95))} (${samples.length} times)`,
  reached: percentile(samples, 0.5) <= limitMs,
});

/** A time against the bare engine's own, measured in the same rounds. */
export function againstBare(work: string, samples: readonly number[], bare: readonly number[], limit: number): Result {
  const ratio = percentile(samples, 0.5) / percentile(bare, 0.5);
  const both = `p50 ${ms(percentile(samples, 0.5))} to ${ms(percentile(bare, 0.5))}`;
  return { work, goal: `≤ ${limit} × bare`, measured: `${ratio.toFixed(2)} × (${both})`, reached: ratio <= limit };
}
