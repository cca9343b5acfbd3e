import { Prisma, type Response, type ResponseStatus } from "../../store/generated/client/client.ts";
import { byOwner, countsByOwner, idsOfPages } from "../../store/nested-pages.ts";
import type { Store } from "../../store/store.ts";

/** Which responses of each respondent: those of one status or all, from a place on, so many. */
export interface Window {
  readonly status: ResponseStatus | null;
  readonly skip: number;
  readonly take: number;
}

/** One page of the responses of many respondents, by two queries whatever their number; the oldest first. */
export async function pagesOf(store: Store, respondentIds: readonly string[], window: Window): Promise<Response[][]> {
  const nested = { table: "Response", owner: "respondentId", where: ofStatus(window.status) } as const;
  const ids = await idsOfPages(store, nested, respondentIds, window);
  const rows: Response[] = await store.response.findMany({ where: { id: { in: [...ids] } } });
  return byOwner(rows, ids, respondentIds, ({ respondentId }) => respondentId);
}

/** The page of the responses of each respondent that comes after a place, by a query for each: only one is asked for. */
export const pageAfter = (
  store: Store,
  respondentIds: readonly string[],
  { status, skip, take, after }: Window & { readonly after: Prisma.ResponseWhereInput },
): Promise<Response[][]> =>
  Promise.all(
    respondentIds.map((respondentId) =>
      store.response.findMany({
        where: { AND: [{ respondentId, ...(status ? { status } : {}) }, after] },
        orderBy: [{ createdAt: "asc" }, { id: "asc" }],
        skip,
        take,
      }),
    ),
  );

/** How many responses each of many respondents has, by one query. */
export async function countsOf(store: Store, respondentIds: readonly string[], status: ResponseStatus | null) {
  const where = { respondentId: { in: [...respondentIds] }, ...(status ? { status } : {}) };
  const groups = await store.response.groupBy({ by: ["respondentId"], where, _count: { _all: true } });
  return countsByOwner(groups, respondentIds, ({ respondentId }) => respondentId);
}

const ofStatus = (status: ResponseStatus | null) =>
  status === null ? Prisma.empty : Prisma.sql`AND CAST("status" AS TEXT) = ${status}`;
