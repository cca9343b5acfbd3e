import { commit } from "../../events/commit.ts";
import { forget, forgetStreams } from "../../events/forget.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler } from "../../reconcile/queue.ts";
import type { Transaction } from "../../store/store.ts";

const everyMs = 60 * 60_000;
const dayMs = 24 * 60 * 60_000;
/** Few at a time and with a pause between, so that nobody waits long for the database. */
const batchSize = 500;
const pauseMs = 50;

const responseStreams = "response:";
/** The last events of streams that are named by an id, and so never come again. */
const lastEvents: ReadonlySet<string> = new Set([
  "computer.removed",
  "session.deleted",
  "message.ended",
  "space-agent.deleted",
]);

/**
 * Forgets old events. The items of a response are its events, so they stay as long as the response does;
 * those of a deleted one stay for the same time as all others, for readers that are behind. A stream of something that
 * never comes again goes with its events.
 *
 * Every hour it passes over all that is old, which may be much more than there is to forget.
 */
export function createRetentionReconciler(gateway: Gateway): Reconciler {
  /** How far this pass has come, and when the last one came to its end. */
  let after = 0n;
  let endedAt: number | null = null;
  return {
    name: "retention",
    concurrency: 1,
    wants: () => null,
    keys: async () => ["events"],
    async reconcile() {
      const now = gateway.now().getTime();
      if (endedAt !== null && now - endedAt < everyMs) return { againAfterMs: endedAt + everyMs - now };
      const last = await forgetNext(gateway, after);
      after = last ?? 0n;
      endedAt = last === null ? now : null;
      return { againAfterMs: last === null ? everyMs : pauseMs };
    },
  };
}

/** Looks at the next old events and forgets those that nothing needs; answers the last, `null` when there are none. */
async function forgetNext(gateway: Gateway, after: bigint): Promise<bigint | null> {
  const { store } = gateway;
  const before = new Date(gateway.now().getTime() - gateway.config.eventRetentionDays * dayMs);
  // Without an upper end the search for a last old event would look at all that are not. Many share one time.
  const newest = await store.event.findFirst({
    where: { at: { lt: before } },
    orderBy: [{ at: "desc" }, { id: "desc" }],
    select: { id: true },
  });
  if (!newest) return null;
  const old = await store.event.findMany({
    where: { id: { gt: after, lte: newest.id }, at: { lt: before } },
    orderBy: { id: "asc" },
    take: batchSize,
    select: { id: true, stream: true, type: true },
  });
  const kept = await streamsOfResponses(gateway, old);
  const gone = old.filter(({ stream }) => !kept.has(stream));
  if (gone.length > 0) await commit(gateway, ({ tx }) => forgetWithStreams(tx, gone));
  return old.length < batchSize ? null : (old.at(-1)?.id ?? null);
}

interface Gone {
  readonly id: bigint;
  readonly stream: string;
  readonly type: string;
}

async function forgetWithStreams(tx: Transaction, events: readonly Gone[]): Promise<void> {
  const over = events.filter(({ stream, type }) => stream.startsWith(responseStreams) || lastEvents.has(type));
  await forget(
    tx,
    events.map(({ id }) => id),
  );
  await forgetStreams(tx, [...new Set(over.map(({ stream }) => stream))]);
}

/** The streams among these whose response is still there. */
async function streamsOfResponses({ store }: Gateway, events: readonly { readonly stream: string }[]) {
  const ids = events.flatMap(({ stream }) =>
    stream.startsWith(responseStreams) ? [stream.slice(responseStreams.length)] : [],
  );
  const rows = await store.response.findMany({ where: { id: { in: [...new Set(ids)] } }, select: { id: true } });
  return new Set(rows.map(({ id }) => responseStreams + id));
}
