/** setTimeout takes no longer delay: beyond it a timer would ring at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** True once the work is done, false when the time is over first. Fails as the work does. */
export async function endsWithin(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), limitMs);
  return Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer));
}
