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
      const inventory = await gateway.runtime.list();
      const orphans = new Map((await findOrphans(gateway, inventory)).map((orphan) => [placeOf(orphan), orphan]));
      const now = gateway.now().getTime();
      for (const place of firstSeen.keys()) if (!orphans.has(place)) firstSeen.delete(place);
      for (const [place, { name, host }] of orphans) {
        const seenAt = firstSeen.get(place) ?? now;
        firstSeen.set(place, seenAt);
        if (now - seenAt < graceMs) continue;
        const of = { container: name, ...(host && { host }) };
        gateway.log.warn(of, "removing a container that no computer owns");
        try {
          await gateway.runtime.removeContainer(name, host);
          firstSeen.delete(place);
        } catch (err) {
          gateway.log.warn({ ...of, err }, "it could not be removed; will try again");
        }
      }
      return { againAfterMs: firstSeen.size > 0 ? graceMs : everyMs };
    },
  };
}

/** Two hosts may have a container of one name, of which one is an orphan. */
const placeOf = ({ name, host = "" }: { readonly name: string; readonly host?: string }) => `${host} ${name}`;
