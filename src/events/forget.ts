import type { Transaction } from "../store/store.ts";

/** The row of `Stream` that holds the highest id of a forgotten event. */
export const forgotten = "*forgotten";

/** Deletes events and notes how far the log now has gaps, so that no reader passes over them unawares. */
export async function forget(tx: Transaction, ids: readonly bigint[]): Promise<void> {
  if (ids.length === 0) return;
  const seq = ids.reduce((highest, id) => (id > highest ? id : highest));
  await tx.event.deleteMany({ where: { id: { in: [...ids] } } });
  await tx.stream.upsert({ where: { name: forgotten }, create: { name: forgotten, seq }, update: {} });
  await tx.stream.updateMany({ where: { name: forgotten, seq: { lt: seq } }, data: { seq } });
}

/**
 * Deletes the heads of streams that never get another event, unless they have some that are not forgotten: then their
 * readers still need them.
 */
export async function forgetStreams(tx: Transaction, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const left = await tx.event.groupBy({ by: ["stream"], where: { stream: { in: [...names] } } });
  const full = new Set(left.map(({ stream }) => stream));
  await tx.stream.deleteMany({ where: { name: { in: names.filter((name) => !full.has(name)) } } });
}
