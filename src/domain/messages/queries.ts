import { queryFromInfo } from "@pothos/plugin-prisma";
import { isAllowed } from "../../auth/policy.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, connectionPaths, type PageArgs, readPage } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import type { Message as MessageRow, Prisma } from "../../store/generated/client/client.ts";
import { sessionFor, targetOf } from "../sessions/access.ts";
import { Session } from "../sessions/schema.ts";
import { messageCountsOf, messagesOf } from "./pages.ts";
import { MessageConnection } from "./schema.ts";

builder.queryField("messages", (t) =>
  t.field({
    type: MessageConnection,
    authScopes: { signedIn: true },
    complexity: connectionCost,
    description: "A session's conversation, the oldest message first.",
    args: { session: t.arg.id({ required: true, description: "The session's id." }), ...connectionArgs },
    resolve: async (_root, { session: id, ...page }, context, info) => {
      const session = await sessionFor(context, id, "list", "messages");
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      return pageOfMessages(context, page, { sessionId: session.id }, query);
    },
  }),
);

builder.objectField(Session, "messages", (t) =>
  t.field({
    type: MessageConnection,
    complexity: connectionCost,
    description: "Its conversation, the oldest message first; empty for those who may not see it.",
    args: connectionArgs,
    resolve: (session, page, context, info) => {
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      const isShown = isAllowed(context.principal, "get", "messages", targetOf(session));
      if (!isShown) return pageOfMessages(context, page, { id: "" }, query);
      if (page.after == null) return nestedPage(context, page, session.id, query);
      return pageOfMessages(context, page, { sessionId: session.id }, query);
    },
  }),
);

/** The first page of one of the many sessions of a request: all of them are read together. */
function nestedPage(context: Context, page: PageArgs, sessionId: string, query: object) {
  const { store } = context.gateway;
  return readPage<MessageRow>(
    page,
    ({ skip, take }) =>
      context
        .loader(`messages ${JSON.stringify({ skip, take, query })}`, (ids: readonly string[]) =>
          messagesOf(store, ids, { skip, take }, query),
        )
        .load(sessionId),
    () => context.loader("counts of messages", (ids: readonly string[]) => messageCountsOf(store, ids)).load(sessionId),
  );
}

const pageOfMessages = (
  { gateway: { store } }: Context,
  page: PageArgs,
  where: Prisma.MessageWhereInput,
  query: object,
) =>
  readPage<MessageRow>(
    page,
    ({ after, ...window }) => store.message.findMany({ ...query, ...window, where: { AND: [where, after] } }),
    () => store.message.count({ where }),
  );
