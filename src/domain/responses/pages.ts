import { Prisma, type Response, type ResponseStatus } from "../../store/generated/client/client.ts";
import type { Store } from "../../store/store.ts";

/** Which responses of each agent: those of one status or all, from a place on, so many. */
export interface Window {
  readonly status: ResponseStatus | null;
  readonly skip: number;
  readonly take: number;
}

/** SQLite joins no more queries than this into one. */
const mostAtOnce = 500;

/** One page of the responses of many agents, by two queries whatever their number; the oldest first. */
export async function pagesOf(
  store: Store,
  agentIds: readonly string[],
  window: Window,
  query: object,
): Promise<Response[][]> {
  const ids: string[] = [];
  for (let start = 0; start < agentIds.length; start += mostAtOnce) {
    const pages = agentIds.slice(start, start + mostAtOnce).map((agentId) => idsOfPage(agentId, window));
    const rows = await store.$queryRaw<{ id: string }[]>(Prisma.join(pages, " UNION ALL "));
    ids.push(...rows.map(({ id }) => id));
  }
  const rows: Response[] = await store.response.findMany({ ...query, where: { id: { in: ids } } });
  const byId = new Map(rows.map((row) => [row.id, row]));
  const inOrder = ids.flatMap((id) => byId.get(id) ?? []);
  return agentIds.map((agentId) => inOrder.filter((row) => row.agentId === agentId));
}

/** How many responses each of many agents has, by one query. */
export async function countsOf(store: Store, agentIds: readonly string[], status: ResponseStatus | null) {
  const where = { agentId: { in: [...agentIds] }, ...(status ? { status } : {}) };
  const groups = await store.response.groupBy({ by: ["agentId"], where, _count: { _all: true } });
  const counts = new Map(groups.map(({ agentId, _count }) => [agentId, _count._all]));
  return agentIds.map((agentId) => counts.get(agentId) ?? 0);
}

/** A page of its own for each agent, so that the index finds it. */
const idsOfPage = (agentId: string, { status, skip, take }: Window) => Prisma.sql`
  SELECT "id" FROM (
    SELECT "id" FROM "Response" WHERE "agentId" = ${agentId} ${ofStatus(status)}
    ORDER BY "createdAt", "id" LIMIT ${take} OFFSET ${skip}
  ) AS page`;

const ofStatus = (status: ResponseStatus | null) =>
  status === null ? Prisma.empty : Prisma.sql`AND CAST("status" AS TEXT) = ${status}`;
