import { queryFromInfo } from "@pothos/plugin-prisma";
import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, connectionPaths, type PageArgs, readPage } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import type { Prisma, SpaceAgent as SpaceAgentRow } from "../../store/generated/client/client.ts";
import { byOwner, countsByOwner, idsOfPages } from "../../store/nested-pages.ts";
import type { Store } from "../../store/store.ts";
import { Space } from "../spaces/schema.ts";
import { mayList, requireSpaceAgents, spaceAgentFor } from "./access.ts";
import { SpaceAgent, SpaceAgentConnection, SpaceAgentStatus } from "./schema.ts";

const SpaceAgentFilter = builder.inputType("SpaceAgentFilter", {
  description: "Which agents of a space; every condition must hold.",
  fields: (t) => ({ statuses: t.field({ type: [SpaceAgentStatus], description: "In one of these states." }) }),
});

builder.queryFields((t) => ({
  spaceAgent: t.field({
    type: SpaceAgent,
    nullable: true,
    authScopes: { signedIn: true },
    description: "The agent of that name in a space. An error with code NOT_FOUND when there is none.",
    args: { space: t.arg.id({ required: true }), name: t.arg.id({ required: true }) },
    resolve: (_root, { space, name }, context) => spaceAgentFor(context, space, name, "get"),
  }),
  spaceAgents: t.field({
    type: SpaceAgentConnection,
    authScopes: { signedIn: true },
    complexity: connectionCost,
    description: "The agents of a space, the oldest first.",
    args: { space: t.arg.id({ required: true }), filter: t.arg({ type: SpaceAgentFilter }), ...connectionArgs },
    resolve: async (_root, { space, filter, ...page }, context, info) => {
      await requireSpaceAgents(context, space, "list");
      const status = filter?.statuses ? { status: { in: [...filter.statuses] } } : {};
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      return pageOfAgents(context, page, { spaceName: space, ...status }, query);
    },
  }),
}));

builder.prismaObjectField(Space, "spaceAgents", (t) =>
  t.field({
    type: SpaceAgentConnection,
    complexity: connectionCost,
    description: "Its agents, the oldest first; empty for those who may not list them.",
    args: connectionArgs,
    select: { name: true },
    resolve: ({ name }, page, context, info) => {
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      if (!mayList(context.principal, name)) return pageOfAgents(context, page, { id: "" }, query);
      return page.after == null
        ? nestedPage(context, page, name, query)
        : pageOfAgents(context, page, { spaceName: name }, query);
    },
  }),
);

const pageOfAgents = (
  { gateway: { store } }: Context,
  page: PageArgs,
  where: Prisma.SpaceAgentWhereInput,
  query: object,
) =>
  readPage<SpaceAgentRow>(
    page,
    ({ after, ...window }) => store.spaceAgent.findMany({ ...query, ...window, where: { AND: [where, after] } }),
    () => store.spaceAgent.count({ where }),
  );

/** The page of one of the many spaces of a request: all of them are read together. */
function nestedPage(context: Context, page: PageArgs, spaceName: string, query: object) {
  const { store } = context.gateway;
  return readPage<SpaceAgentRow>(
    page,
    ({ skip, take }) =>
      context
        .loader(`space agents ${JSON.stringify({ skip, take, query })}`, (names: readonly string[]) =>
          pagesOf(store, names, { skip, take }, query),
        )
        .load(spaceName),
    () =>
      context.loader("counts of space agents", (names: readonly string[]) => countsOf(store, names)).load(spaceName),
  );
}

async function pagesOf(
  store: Store,
  spaces: readonly string[],
  window: { readonly skip: number; readonly take: number },
  query: object,
): Promise<SpaceAgentRow[][]> {
  const ids = await idsOfPages(store, { table: "SpaceAgent", owner: "spaceName" }, spaces, window);
  const rows: SpaceAgentRow[] = await store.spaceAgent.findMany({ ...query, where: { id: { in: [...ids] } } });
  return byOwner(rows, ids, spaces, ({ spaceName }) => spaceName);
}

async function countsOf(store: Store, spaces: readonly string[]): Promise<number[]> {
  const where = { spaceName: { in: [...spaces] } };
  const groups = await store.spaceAgent.groupBy({ by: ["spaceName"], where, _count: { _all: true } });
  return countsByOwner(groups, spaces, ({ spaceName }) => spaceName);
}
