import type { Gateway } from "../../gateway.ts";
import type { Computer } from "../../store/generated/client/client.ts";

/** A dead replica's computers are taken over after this long. */
const leaseMs = 10_000;
const renewMs = 3_000;

/**
 * Does `work` while this process alone may change the computer; `null` when another replica holds it.
 * The computer handed to `work` bears a new epoch, and writes that name an older one match no row.
 */
export async function withComputerLease<T>(
  gateway: Gateway,
  id: string,
  work: (computer: Computer) => Promise<T>,
): Promise<T | null> {
  const computer = await acquire(gateway, id);
  if (!computer) return null;
  const where = { id, epoch: computer.epoch };
  const renewal = setInterval(() => {
    const data = { leaseUntil: leaseEnd(gateway) };
    gateway.store.computer.updateMany({ where, data }).catch((error) => {
      gateway.log.warn({ err: error, computer: id }, "could not renew the lease of a computer");
    });
  }, renewMs);
  try {
    return await work(computer);
  } finally {
    clearInterval(renewal);
    await gateway.store.computer.updateMany({ where, data: { leaseOwner: null, leaseUntil: null } });
  }
}

async function acquire(gateway: Gateway, id: string): Promise<Computer | undefined> {
  const [computer] = await gateway.store.computer.updateManyAndReturn({
    where: { id, OR: [{ leaseUntil: null }, { leaseUntil: { lt: gateway.now() } }] },
    data: { leaseOwner: gateway.replicaId, leaseUntil: leaseEnd(gateway), epoch: { increment: 1 } },
  });
  return computer;
}

const leaseEnd = (gateway: Gateway) => new Date(gateway.now().getTime() + leaseMs);
