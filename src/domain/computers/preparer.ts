import type { Gateway } from "../../gateway.ts";
import { leaseEnd, renewLeaseMs } from "../../reconcile/lease.ts";
import type { ReconcileResult } from "../../reconcile/queue.ts";

/** How soon to ask again for a computer that another process prepares. */
const preparedElsewhereMs = 1_000;

/**
 * Does `work` while no other process prepares the same computer, and looks again later when one does. The signal aborts
 * when this process was taken for dead: then another one has begun.
 */
export async function asItsPreparer(
  gateway: Gateway,
  computerId: string,
  work: (lost: AbortSignal) => Promise<ReconcileResult>,
): Promise<ReconcileResult> {
  const { computer } = gateway.store;
  const mine = { id: computerId, preparer: gateway.replicaId };
  const free = [{ preparer: null }, { preparer: gateway.replicaId }, { preparerUntil: { lt: gateway.now() } }];
  const taken = await computer.updateMany({
    where: { id: computerId, OR: free },
    data: { preparer: gateway.replicaId, preparerUntil: leaseEnd(gateway.now()) },
  });
  if (taken.count === 0) return { againAfterMs: preparedElsewhereMs };
  const lost = new AbortController();
  const renew = async () => {
    const { count } = await computer.updateMany({ where: mine, data: { preparerUntil: leaseEnd(gateway.now()) } });
    if (count === 0) lost.abort();
  };
  const renewal = setInterval(() => {
    renew().catch((err) => gateway.log.warn({ err, computer: computerId }, "could not stay a computer's preparer"));
  }, renewLeaseMs);
  try {
    return await work(lost.signal);
  } finally {
    clearInterval(renewal);
    await computer.updateMany({ where: mine, data: { preparer: null, preparerUntil: null } });
  }
}
