import type { Build } from "../../store/generated/client/client.ts";
import { byOwner, idsOfPages } from "../../store/nested-pages.ts";
import type { Store } from "../../store/store.ts";
import { newestFirst } from "./build.ts";

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
  const counts = new Map(groups.map(({ spaceName, _count }) => [spaceName, _count._all]));
  return spaces.map((space) => counts.get(space) ?? 0);
}

/** The latest build of each of many spaces, by one query. */
export async function latestOf(store: Store, spaces: readonly string[]): Promise<(Build | null)[]> {
  const rows = await store.build.findMany({
    where: { spaceName: { in: [...spaces] } },
    orderBy: [{ spaceName: "asc" }, ...newestFirst],
    distinct: ["spaceName"],
  });
  const latest = new Map(rows.map((build) => [build.spaceName, build]));
  return spaces.map((space) => latest.get(space) ?? null);
}
