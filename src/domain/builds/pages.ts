import type { Build } from "../../store/generated/client/client.ts";
import { byOwner, countsByOwner, idsOfPages } from "../../store/nested-pages.ts";
import type { Store } from "../../store/store.ts";

/** One page of the builds of many spaces, by two queries whatever their number; the oldest first. */
export async function pagesOf(
  store: Store,
  spaces: readonly string[],
  window: { readonly skip: number; readonly take: number },
  query: object,
): Promise<Build[][]> {
  const ids = await idsOfPages(store, { table: "Build", owner: "spaceName" }, spaces, window);
  const rows: Build[] = await store.build.findMany({ ...query, where: { id: { in: [...ids] } } });
  return byOwner(rows, ids, spaces, ({ spaceName }) => spaceName);
}

/** How many builds each of many spaces has, by one query. */
export async function countsOf(store: Store, spaces: readonly string[]): Promise<number[]> {
  const where = { spaceName: { in: [...spaces] } };
  const groups = await store.build.groupBy({ by: ["spaceName"], where, _count: { _all: true } });
  return countsByOwner(groups, spaces, ({ spaceName }) => spaceName);
}

/** The latest build of each of many spaces, by two queries whatever their number. */
export async function latestOf(store: Store, spaces: readonly string[]): Promise<(Build | null)[]> {
  const newest = { table: "Build", owner: "spaceName", newestFirst: true } as const;
  const ids = await idsOfPages(store, newest, spaces, { skip: 0, take: 1 });
  const rows = await store.build.findMany({ where: { id: { in: [...ids] } } });
  return byOwner(rows, ids, spaces, ({ spaceName }) => spaceName).map(([build]) => build ?? null);
}
