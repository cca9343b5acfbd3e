/**
 * The promise's outcome, or the signal's reason as soon as it aborts. What the promise stands for may go on
 * unseen, so this suits only work whose late end does no harm.
 *
 * @throws the signal's reason.
 */
export async function untilAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
