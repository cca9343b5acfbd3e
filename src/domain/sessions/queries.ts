import { builder } from "../../graphql/builder.ts";
import { type Connection, connectionArgs, connectionCost, type PageArgs, readPage } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import type { Prisma, Session as SessionRow } from "../../store/generated/client/client.ts";
import { type MaybePromise, rememberedList, remembered } from "../../graphql/remembered.ts";
import { sessionFor, visibleSessions } from "./access.ts";
import { sessionCounts, sessionLists } from "./remembered.ts";
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
  session: t.field({
    type: Session,
    nullable: true,
    description: "The session of that id. An error with code NOT_FOUND when there is none.",
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) => sessionFor(context, id, "get"),
  }),
  sessions: t.field({
    type: SessionConnection,
    complexity: connectionCost,
    description: "The sessions that the caller may list, the oldest first.",
    args: { filter: t.arg({ type: SessionFilter }), ...connectionArgs },
    resolve: (_root, { filter, ...page }, context) =>
      pageOfSessions(context, page, { AND: [visibleSessions(context.principal), whereOf(filter ?? {})] }),
  }),
}));

builder.objectField(Session, "remixes", (t) =>
  t.field({
    type: SessionConnection,
    complexity: connectionCost,
    description: "What was made out of it, as far as the caller may list it, the oldest first.",
    args: connectionArgs,
    resolve: ({ id }, page, context) => {
      if (page.after == null) return nestedPage(context, page, id);
      return pageOfSessions(context, page, { AND: [visibleSessions(context.principal), { parentId: id }] });
    },
  }),
);

/** The first page of the remixes of one of the many sessions of a request: all of them are read together. */
function nestedPage(context: Context, page: PageArgs, parentId: string) {
  const { principal, gateway } = context;
  return readPage<SessionRow>(
    page,
    ({ skip, take }) =>
      context
        .loader(`remixes ${JSON.stringify({ skip, take })}`, (ids: readonly string[]) =>
          remixesOf(gateway.store, principal, ids, { skip, take }),
        )
        .load(parentId),
    () =>
      context
        .loader("counts of remixes", (ids: readonly string[]) => remixCountsOf(gateway.store, principal, ids))
        .load(parentId),
  );
}

function pageOfSessions(
  context: Context,
  page: PageArgs,
  where: Prisma.SessionWhereInput,
): MaybePromise<Connection<SessionRow>> {
  const { store } = context.gateway;
  return readPage(
    page,
    ({ after, ...window }) =>
      rememberedList(context, sessionLists, { where, page }, () =>
        store.session.findMany({ ...window, where: { AND: [where, after] } }),
      ),
    () => remembered(context, sessionCounts, where, () => store.session.count({ where })),
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
