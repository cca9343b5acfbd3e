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
