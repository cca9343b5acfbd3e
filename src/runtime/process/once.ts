/** Asks the first time, and remembers the answer. */
export function once<Result>(ask: () => Promise<Result>): () => Promise<Result> {
  let answer: Promise<Result> | null = null;
  return () => (answer ??= ask());
}
