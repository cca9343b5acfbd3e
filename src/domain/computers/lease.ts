import type { Gateway } from "../../gateway.ts";
import { leaseEnd, renewLeaseMs } from "../../reconcile/lease.ts";
import type { Computer } from "../../store/generated/client/client.ts";
import { readComputer } from "./service.ts";

/** Sees to it that a computer is changed by one run at a time. */
export interface Leases {
  /**
   * Does `work` while nobody else may change the computer; `null`, and nothing is done, when somebody else may, or
   * when it is gone. `work` must guard its writes with the epoch of the computer it is handed.
   */
  hold<T>(id: string, work: (computer: Computer) => Promise<T>): Promise<T | null>;
}

/**
 * Leases among all that use the database. A gateway that is `alone` on it keeps them in memory: they need not outlive
 * it, and each that is stored costs two commits, which a waking agent would wait for.
 */
export const createLeases = (gateway: Gateway, { alone }: { readonly alone: boolean }): Leases =>
  alone ? leasesInMemory(gateway) : leasesInRows(gateway);

/** The epoch stays as it is, for no older holder can be alive to write. */
function leasesInMemory({ store }: Gateway): Leases {
  const held = new Set<string>();
  return {
    async hold(id, work) {
      if (held.has(id)) return null;
      held.add(id);
      try {
        const computer = await readComputer({ store }, id);
        return computer && (await work(computer));
      } finally {
        held.delete(id);
      }
    },
  };
}

/** Each holder raises the epoch, so that the writes of one whose lease has ended match no row. */
function leasesInRows(gateway: Gateway): Leases {
  return {
    async hold(id, work) {
      const computer = await acquire(gateway, id);
      if (!computer) return null;
      const where = { id, epoch: computer.epoch };
      const renewal = setInterval(() => {
        const data = { leaseUntil: leaseEnd(gateway.now()) };
        gateway.store.computer.updateMany({ where, data }).catch((error) => {
          gateway.log.warn({ err: error, computer: id }, "could not renew the lease of a computer");
        });
      }, renewLeaseMs);
      try {
        return await work(computer);
      } finally {
        clearInterval(renewal);
        await gateway.store.computer.updateMany({ where, data: { leaseOwner: null, leaseUntil: null } });
      }
    },
  };
}

async function acquire(gateway: Gateway, id: string): Promise<Computer | undefined> {
  const [computer] = await gateway.store.computer.updateManyAndReturn({
    where: { id, OR: [{ leaseUntil: null }, { leaseUntil: { lt: gateway.now() } }] },
    data: { leaseOwner: gateway.replicaId, leaseUntil: leaseEnd(gateway.now()), epoch: { increment: 1 } },
  });
  return computer;
}
