import type { Message, Prisma } from "../../store/generated/client/client.ts";
import { byOwner, countsByOwner, idsOfPages } from "../../store/nested-pages.ts";
import type { Store } from "../../store/store.ts";

interface Window {
  readonly skip: number;
  readonly take: number;
}

/** One page of the messages of many sessions, by two queries whatever their number; the oldest first. */
export async function messagePagesOf(
  store: Store,
  sessionIds: readonly string[],
  window: Window,
): Promise<Message[][]> {
  const ids = await idsOfPages(store, { table: "Message", owner: "sessionId" }, sessionIds, window);
  const rows: Message[] = await store.message.findMany({ where: { id: { in: [...ids] } } });
  return byOwner(rows, ids, sessionIds, ({ sessionId }) => sessionId);
}

/** The page of the messages of each session that comes after a place, by a query for each: only one is asked for. */
export const messagePageAfter = (
  store: Store,
  sessionIds: readonly string[],
  { skip, take, after }: Window & { readonly after: Prisma.MessageWhereInput },
): Promise<Message[][]> =>
  Promise.all(
    sessionIds.map((sessionId) =>
      store.message.findMany({
        where: { AND: [{ sessionId }, after] },
        orderBy: [{ createdAt: "asc" }, { id: "asc" }],
        skip,
        take,
      }),
    ),
  );

/** How many messages each of many sessions has, by one query. */
export async function messageCountsOf(store: Store, sessionIds: readonly string[]): Promise<number[]> {
  const where = { sessionId: { in: [...sessionIds] } };
  const groups = await store.message.groupBy({ by: ["sessionId"], where, _count: { _all: true } });
  return countsByOwner(groups, sessionIds, ({ sessionId }) => sessionId);
}
