import type { Message } from "../../store/generated/client/client.ts";
import { byOwner, countsByOwner, idsOfPages } from "../../store/nested-pages.ts";
import type { Store } from "../../store/store.ts";

/** One page of the messages of many sessions, by two queries whatever their number; the oldest first. */
export async function messagesOf(
  store: Store,
  sessionIds: readonly string[],
  window: { readonly skip: number; readonly take: number },
  query: object,
): Promise<Message[][]> {
  const ids = await idsOfPages(store, { table: "Message", owner: "sessionId" }, sessionIds, window);
  const rows: Message[] = await store.message.findMany({ ...query, where: { id: { in: [...ids] } } });
  return byOwner(rows, ids, sessionIds, ({ sessionId }) => sessionId);
}

/** How many messages each of many sessions has, by one query. */
export async function messageCountsOf(store: Store, sessionIds: readonly string[]): Promise<number[]> {
  const where = { sessionId: { in: [...sessionIds] } };
  const groups = await store.message.groupBy({ by: ["sessionId"], where, _count: { _all: true } });
  return countsByOwner(groups, sessionIds, ({ sessionId }) => sessionId);
}
