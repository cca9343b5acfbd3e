import type { Principal } from "../../auth/principal.ts";
import type { Session } from "../../store/generated/client/client.ts";
import { byOwner, countsByOwner, idsOfPages } from "../../store/nested-pages.ts";
import type { Store } from "../../store/store.ts";
import { listedWithin } from "../spaces/access.ts";
import { visibleSessions } from "./access.ts";

/** One page of the remixes of many sessions that the caller may list, by two queries whatever their number. */
export async function remixesOf(
  store: Store,
  principal: Principal | null,
  parentIds: readonly string[],
  window: { readonly skip: number; readonly take: number },
): Promise<Session[][]> {
  const nested = { table: "Session", owner: "parentId", where: listedWithin(principal, "sessions") } as const;
  const ids = await idsOfPages(store, nested, parentIds, window);
  const rows: Session[] = await store.session.findMany({ where: { id: { in: [...ids] } } });
  return byOwner(rows, ids, parentIds, ({ parentId }) => parentId);
}

/** How many remixes each of many sessions has that the caller may list, by one query. */
export async function remixCountsOf(store: Store, principal: Principal | null, parentIds: readonly string[]) {
  const where = { AND: [visibleSessions(principal), { parentId: { in: [...parentIds] } }] };
  const groups = await store.session.groupBy({ by: ["parentId"], where, _count: { _all: true } });
  return countsByOwner(groups, parentIds, ({ parentId }) => parentId);
}
