import { queryFromInfo } from "@pothos/plugin-prisma";
import { builder } from "../../graphql/builder.ts";
import {
  type Connection,
  connectionArgs,
  connectionCost,
  connectionPaths,
  type PageArgs,
  readPage,
} from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import type { Prisma, Session as SessionRow } from "../../store/generated/client/client.ts";
import { sessionFor, visibleSessions } from "./access.ts";
import { remixCountsOf, remixesOf } from "./remixes.ts";
import { Session, SessionConnection, SessionState } from "./schema.ts";

const SessionFilter = builder.inputType("SessionFilter", {
  description: "Which sessions; every condition must hold.",
  fields: (t) => ({
    states: t.field({ type: [SessionState], description: "In one of these states." }),
    space: t.id({ description: "In this space." }),
    parent: t.id({ description: "Remixed from the session of this id." }),
  }),
});

builder.queryFields((t) => ({
  session: t.prismaField({
    type: "Session",
    nullable: true,
    authScopes: { signedIn: true },
    description: "The session of that id. An error with code NOT_FOUND when there is none.",
    args: { id: t.arg.id({ required: true }) },
    resolve: async (query, _root, { id }, context) => {
      const session = await sessionFor(context, id, "get");
      return Object.keys(query).length === 0
        ? session
        : context.gateway.store.session.findUnique({ ...query, where: { id } });
    },
  }),
  sessions: t.field({
    type: SessionConnection,
    authScopes: { signedIn: true },
    complexity: connectionCost,
    description: "The sessions that the caller may list, the oldest first.",
    args: { filter: t.arg({ type: SessionFilter }), ...connectionArgs },
    resolve: (_root, { filter, ...page }, context, info) => {
      const where = { AND: [visibleSessions(context.principal), whereOf(filter ?? {})] };
      return pageOfSessions(context, page, where, queryFromInfo({ context, info, paths: connectionPaths }));
    },
  }),
}));

builder.objectField(Session, "remixes", (t) =>
  t.field({
    type: SessionConnection,
    complexity: connectionCost,
    description: "What was made out of it, as far as the caller may list it, the oldest first.",
    args: connectionArgs,
    resolve: ({ id }, page, context, info) => {
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      if (page.after == null) return nestedPage(context, page, id, query);
      return pageOfSessions(context, page, { AND: [visibleSessions(context.principal), { parentId: id }] }, query);
    },
  }),
);

/** The first page of the remixes of one of the many sessions of a request: all of them are read together. */
function nestedPage(context: Context, page: PageArgs, parentId: string, query: object) {
  const { principal, gateway } = context;
  return readPage<SessionRow>(
    page,
    ({ skip, take }) =>
      context
        .loader(`remixes ${JSON.stringify({ skip, take, query })}`, (ids: readonly string[]) =>
          remixesOf(gateway.store, principal, ids, { skip, take }, query),
        )
        .load(parentId),
    () =>
      context
        .loader("counts of remixes", (ids: readonly string[]) => remixCountsOf(gateway.store, principal, ids))
        .load(parentId),
  );
}

function pageOfSessions(
  { gateway: { store } }: Context,
  page: PageArgs,
  where: Prisma.SessionWhereInput,
  query: object,
): Promise<Connection<SessionRow>> {
  return readPage(
    page,
    ({ after, ...window }) => store.session.findMany({ ...query, ...window, where: { AND: [where, after] } }),
    () => store.session.count({ where }),
  );
}

type Filter = NonNullable<(typeof SessionFilter)["$inferInput"]>;

const whereOf = ({ states, space, parent }: Filter): Prisma.SessionWhereInput => ({
  AND: [
    states ? { state: { in: [...states] } } : {},
    space == null ? {} : { spaceName: space },
    parent == null ? {} : { parentId: parent },
  ],
});
