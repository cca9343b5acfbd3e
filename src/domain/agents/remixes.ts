import type { Principal } from "../../auth/principal.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { byOwner, countsByOwner, idsOfPages } from "../../store/nested-pages.ts";
import type { Store } from "../../store/store.ts";
import { listedWithin } from "../spaces/access.ts";
import { visibleAgents } from "./access.ts";

/** One page of the remixes of many agents that the caller may list, by two queries whatever their number. */
export async function remixesOf(
  store: Store,
  principal: Principal | null,
  parentIds: readonly string[],
  window: { readonly skip: number; readonly take: number },
): Promise<Agent[][]> {
  const nested = { table: "Agent", owner: "parentId", where: listedWithin(principal, "agents") } as const;
  const ids = await idsOfPages(store, nested, parentIds, window);
  const rows: Agent[] = await store.agent.findMany({ where: { id: { in: [...ids] } } });
  return byOwner(rows, ids, parentIds, ({ parentId }) => parentId);
}

/** How many remixes each of many agents has that the caller may list, by one query. */
export async function remixCountsOf(store: Store, principal: Principal | null, parentIds: readonly string[]) {
  const where = { AND: [visibleAgents(principal), { parentId: { in: [...parentIds] } }] };
  const groups = await store.agent.groupBy({ by: ["parentId"], where, _count: { _all: true } });
  return countsByOwner(groups, parentIds, ({ parentId }) => parentId);
}
