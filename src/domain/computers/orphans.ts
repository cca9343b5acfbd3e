import type { Gateway } from "../../gateway.ts";
import type { Reconciler } from "../../reconcile/queue.ts";
import { findOrphans } from "./resync.ts";

const everyMs = 30_000;
/** An orphan is removed only when it is still one after this long. */
const graceMs = 5_000;

/** Removes containers of this deployment that no computer owns. Volumes are left: they go only by an order. */
export function createOrphanReconciler(gateway: Gateway): Reconciler {
  const firstSeen = new Map<string, number>();
  return {
    name: "orphans",
    concurrency: 1,
    wants: () => null,
    keys: async () => ["engine"],
    async reconcile() {
      const orphans = await findOrphans(gateway, await gateway.runtime.list());
      const now = gateway.now().getTime();
      for (const name of firstSeen.keys()) if (!orphans.includes(name)) firstSeen.delete(name);
      for (const name of orphans) {
        const seenAt = firstSeen.get(name) ?? now;
        firstSeen.set(name, seenAt);
        if (now - seenAt < graceMs) continue;
        gateway.log.warn({ container: name }, "removing a container that no computer owns");
        await gateway.runtime.removeContainer(name);
        firstSeen.delete(name);
      }
      return { againAfterMs: firstSeen.size > 0 ? graceMs : everyMs };
    },
  };
}
