import { commit } from "../../events/commit.ts";
import { forget } from "../../events/forget.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler } from "../../reconcile/queue.ts";

const everyMs = 60 * 60_000;
const dayMs = 24 * 60 * 60_000;
/** Few at a time, so that nobody waits long for the database. */
const batchSize = 500;

/**
 * Forgets old events. The items of a response are its events, so they stay as long as the response does;
 * those of a deleted one stay for the same time as all others, for readers that are behind.
 */
export const createRetentionReconciler = (gateway: Gateway): Reconciler => ({
  name: "retention",
  concurrency: 1,
  wants: () => null,
  keys: async () => ["events"],
  async reconcile() {
    const forgotten = await forgetSome(gateway);
    return { againAfterMs: forgotten === batchSize ? 0 : everyMs };
  },
});

/** Deletes one batch of events that are past their time; answers how many. */
async function forgetSome(gateway: Gateway): Promise<number> {
  const before = new Date(gateway.now().getTime() - gateway.config.eventRetentionDays * dayMs);
  const old = await gateway.store.$queryRaw<{ id: bigint }[]>`
    SELECT e."id" FROM "Event" e
    WHERE e."at" < ${before} AND NOT EXISTS (
      SELECT 1 FROM "Response" r WHERE e."stream" = 'response:' || r."id"
    ) LIMIT ${batchSize}`;
  if (old.length > 0) {
    await commit(gateway, ({ tx }) =>
      forget(
        tx,
        old.map(({ id }) => id),
      ),
    );
  }
  return old.length;
}
