import { queryFromInfo } from "@pothos/plugin-prisma";
import { notFound } from "../../errors.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, connectionPaths, type PageArgs, readPage } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import type { Build as BuildRow, Prisma } from "../../store/generated/client/client.ts";
import { Space } from "../spaces/schema.ts";
import { buildFor, maySeeBuilds, requireBuilds } from "./access.ts";
import { newestFirst } from "./build.ts";
import { countsOf, latestOf, pagesOf } from "./pages.ts";
import { Build, BuildConnection, BuildStatus } from "./schema.ts";

builder.queryFields((t) => ({
  build: t.field({
    type: Build,
    nullable: true,
    description: "The build of that id. An error with code NOT_FOUND when there is none.",
    args: {
      id: t.arg.id({ required: true }),
      space: t.arg.id({ description: "The space it must belong to; one of another counts as missing." }),
    },
    resolve: (_root, { id, space }, context) => buildFor(context, id, "get", space),
  }),
  builds: t.field({
    type: BuildConnection,
    complexity: connectionCost,
    description: "The builds of a space, the oldest first.",
    args: { space: t.arg.id({ required: true }), status: t.arg({ type: BuildStatus }), ...connectionArgs },
    resolve: async (_root, { space, status, ...page }, context, info) => {
      await requireBuilds(context, space, "list");
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      return pageOfBuilds(context, page, { spaceName: space, ...(status ? { status } : {}) }, query);
    },
  }),
  latestBuild: t.field({
    type: Build,
    nullable: true,
    description: "The build of a space that was ordered last. An error with code NOT_FOUND when there is none.",
    args: { space: t.arg.id({ required: true }) },
    resolve: async (_root, { space }, context) => {
      await requireBuilds(context, space, "get");
      const { store } = context.gateway;
      const build = await store.build.findFirst({ where: { spaceName: space }, orderBy: newestFirst });
      if (!build) throw notFound("Build of space", space);
      return build;
    },
  }),
}));

builder.prismaObjectField(Space, "builds", (t) =>
  t.field({
    type: BuildConnection,
    complexity: connectionCost,
    description: "Its builds, the oldest first; empty for those who may not list them.",
    args: connectionArgs,
    select: { name: true },
    resolve: ({ name }, page, context, info) => {
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      if (!maySeeBuilds(context.principal, "list", name)) return pageOfBuilds(context, page, { id: "" }, query);
      return page.after == null
        ? nestedPage(context, page, name, query)
        : pageOfBuilds(context, page, { spaceName: name }, query);
    },
  }),
);

builder.prismaObjectField(Space, "latestBuild", (t) =>
  t.field({
    type: Build,
    nullable: true,
    description: "The one that was ordered last; null when there is none, or for those who may not see it.",
    select: { name: true },
    resolve: ({ name }, _args, context) =>
      maySeeBuilds(context.principal, "get", name)
        ? context
            .loader("latest builds", (names: readonly string[]) => latestOf(context.gateway.store, names))
            .load(name)
        : null,
  }),
);

const pageOfBuilds = ({ gateway: { store } }: Context, page: PageArgs, where: Prisma.BuildWhereInput, query: object) =>
  readPage<BuildRow>(
    page,
    ({ after, ...window }) => store.build.findMany({ ...query, ...window, where: { AND: [where, after] } }),
    () => store.build.count({ where }),
  );

/** The page of one of the many spaces of a request: all of them are read together. */
function nestedPage(context: Context, page: PageArgs, spaceName: string, query: object) {
  const { store } = context.gateway;
  return readPage<BuildRow>(
    page,
    ({ skip, take }) =>
      context
        .loader(`builds ${JSON.stringify({ skip, take, query })}`, (names: readonly string[]) =>
          pagesOf(store, names, { skip, take }, query),
        )
        .load(spaceName),
    () => context.loader("counts of builds", (names: readonly string[]) => countsOf(store, names)).load(spaceName),
  );
}
