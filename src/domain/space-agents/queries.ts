import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, emptyPage, type PageArgs, readPage } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import type { Prisma, SpaceAgent as SpaceAgentRow } from "../../store/generated/client/client.ts";
import { byOwner, countsByOwner, idsOfPages } from "../../store/nested-pages.ts";
import type { Store } from "../../store/store.ts";
import { Space } from "../spaces/schema.ts";
import { remembered, rememberedList, rememberedListOf, rememberedOf } from "../../graphql/remembered.ts";
import { mayList, requireSpaceAgents, spaceAgentFor } from "./access.ts";
import { spaceAgentCounts, spaceAgentLists } from "./remembered.ts";
import { SpaceAgent, SpaceAgentConnection, SpaceAgentStatus } from "./schema.ts";

const SpaceAgentFilter = builder.inputType("SpaceAgentFilter", {
  description: "Which agents of a space; every condition must hold.",
  fields: (t) => ({ statuses: t.field({ type: [SpaceAgentStatus], description: "In one of these states." }) }),
});

builder.queryFields((t) => ({
  spaceAgent: t.field({
    type: SpaceAgent,
    nullable: true,
    description: "The agent of that name in a space. An error with code NOT_FOUND when there is none.",
    args: { space: t.arg.id({ required: true }), name: t.arg.id({ required: true }) },
    resolve: (_root, { space, name }, context) => spaceAgentFor(context, space, name, "get"),
  }),
  spaceAgents: t.field({
    type: SpaceAgentConnection,
    complexity: connectionCost,
    description: "The agents of a space, the oldest first.",
    args: { space: t.arg.id({ required: true }), filter: t.arg({ type: SpaceAgentFilter }), ...connectionArgs },
    resolve: async (_root, { space, filter, ...page }, context) => {
      await requireSpaceAgents(context, space, "list");
      const status = filter?.statuses ? { status: { in: [...filter.statuses] } } : {};
      return pageOfAgents(context, page, { spaceName: space, ...status });
    },
  }),
}));

builder.prismaObjectField(Space, "spaceAgents", (t) =>
  t.field({
    type: SpaceAgentConnection,
    complexity: connectionCost,
    description: "Its agents, the oldest first; empty for those who may not list them.",
    args: connectionArgs,
    resolve: ({ name }, page, context) => {
      if (!mayList(context.principal, name)) return emptyPage<SpaceAgentRow>(page);
      return page.after == null ? nestedPage(context, page, name) : pageOfAgents(context, page, { spaceName: name });
    },
  }),
);

function pageOfAgents(context: Context, page: PageArgs, where: Prisma.SpaceAgentWhereInput) {
  const { store } = context.gateway;
  return readPage<SpaceAgentRow>(
    page,
    ({ after, ...window }) =>
      rememberedList(context, spaceAgentLists, { where, page }, () =>
        store.spaceAgent.findMany({ ...window, where: { AND: [where, after] } }),
      ),
    () => remembered(context, spaceAgentCounts, where, () => store.spaceAgent.count({ where })),
  );
}

/** The page of one of the many spaces of a request: all of them are read together. */
function nestedPage(context: Context, page: PageArgs, spaceName: string) {
  const { store } = context.gateway;
  return readPage<SpaceAgentRow>(
    page,
    ({ skip, take }) =>
      rememberedListOf(context, spaceAgentLists, spaceName, { skip, take }, (names) =>
        pagesOf(store, names, { skip, take }),
      ),
    () => rememberedOf(context, spaceAgentCounts, spaceName, {}, (names) => countsOf(store, names)),
  );
}

async function pagesOf(
  store: Store,
  spaces: readonly string[],
  window: { readonly skip: number; readonly take: number },
): Promise<SpaceAgentRow[][]> {
  const ids = await idsOfPages(store, { table: "SpaceAgent", owner: "spaceName" }, spaces, window);
  const rows: SpaceAgentRow[] = await store.spaceAgent.findMany({ where: { id: { in: [...ids] } } });
  return byOwner(rows, ids, spaces, ({ spaceName }) => spaceName);
}

async function countsOf(store: Store, spaces: readonly string[]): Promise<number[]> {
  const where = { spaceName: { in: [...spaces] } };
  const groups = await store.spaceAgent.groupBy({ by: ["spaceName"], where, _count: { _all: true } });
  return countsByOwner(groups, spaces, ({ spaceName }) => spaceName);
}
