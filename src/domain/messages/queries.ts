import { isAllowed } from "../../auth/policy.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, emptyPage, type PageArgs, readPage } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import { rememberedListOf, rememberedOf } from "../../graphql/remembered.ts";
import type { Message as MessageRow } from "../../store/generated/client/client.ts";
import { sessionFor, targetOf } from "../sessions/access.ts";
import { Session } from "../sessions/schema.ts";
import { messageCountsOf, messagePageAfter, messagePagesOf } from "./pages.ts";
import { messageCounts, messageLists } from "./remembered.ts";
import { MessageConnection } from "./schema.ts";

builder.queryField("messages", (t) =>
  t.field({
    type: MessageConnection,
    complexity: connectionCost,
    description: "A session's conversation, the oldest message first.",
    args: { session: t.arg.id({ required: true, description: "The session's id." }), ...connectionArgs },
    resolve: async (_root, { session: id, ...page }, context) => {
      const session = await sessionFor(context, id, "list", "messages");
      return messagesOf(context, page, session.id);
    },
  }),
);

builder.objectField(Session, "messages", (t) =>
  t.field({
    type: MessageConnection,
    complexity: connectionCost,
    description: "Its conversation, the oldest message first; empty for those who may not see it.",
    args: connectionArgs,
    resolve: (session, page, context) =>
      isAllowed(context.principal, "get", "messages", targetOf(session))
        ? messagesOf(context, page, session.id)
        : emptyPage<MessageRow>(page),
  }),
);

/** A page of the conversation of one session. The first pages of many sessions are read together. */
function messagesOf(context: Context, page: PageArgs, sessionId: string) {
  const { store } = context.gateway;
  return readPage<MessageRow>(
    page,
    ({ after, skip, take }) =>
      rememberedListOf(context, messageLists, sessionId, { after: page.after ?? null, skip, take }, (ids) =>
        page.after == null
          ? messagePagesOf(store, ids, { skip, take })
          : messagePageAfter(store, ids, { skip, take, after }),
      ),
    () => rememberedOf(context, messageCounts, sessionId, {}, (ids) => messageCountsOf(store, ids)),
  );
}
