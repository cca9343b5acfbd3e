import { builder } from "../../graphql/builder.ts";
import { sessionFor } from "../sessions/access.ts";
import { clearMessages } from "./clear.ts";
import { Message, MessageRole } from "./schema.ts";
import { sendMessage } from "./send.ts";

const ClearedMessages = builder
  .objectRef<{ readonly sessionId: string; readonly count: number }>("ClearedMessages")
  .implement({
    description: "What is left of a session's conversation.",
    fields: (t) => ({
      sessionId: t.exposeID("sessionId", { description: "The session's id." }),
      cleared: t.int({ description: "How many messages there were.", resolve: ({ count }) => count }),
    }),
  });

builder.mutationFields((t) => ({
  sendMessage: t.field({
    type: Message,
    description:
      "Adds a message to a session. A user's is answered: `response` tells how far it is, and the answer comes as the " +
      "assistant's message. It resumes a session that is paused or suspended. `@name` at its start names a space agent.",
    args: {
      session: t.arg.id({ required: true, description: "The session's id." }),
      content: t.arg.string({ required: true, description: "Up to 256 KiB." }),
      role: t.arg({
        type: MessageRole,
        defaultValue: "USER",
        description: "ASSISTANT and SYSTEM need `sessions:update`, and run nothing.",
      }),
      idempotencyKey: t.arg.string({ description: "Makes a repeated call answer with the first one's message." }),
    },
    resolve: async (_root, { session: id, ...input }, context) => {
      const isUser = input.role == null || input.role === "USER";
      const session = isUser
        ? await sessionFor(context, id, "create", "messages")
        : await sessionFor(context, id, "update");
      return sendMessage(context.gateway, session.id, input);
    },
  }),
  clearMessages: t.field({
    type: ClearedMessages,
    description: "Deletes all messages of a session. What is being answered goes on, and its answer is added.",
    args: { session: t.arg.id({ required: true, description: "The session's id." }) },
    resolve: async (_root, { session: id }, context) => {
      const session = await sessionFor(context, id, "delete", "messages");
      return { sessionId: session.id, count: await clearMessages(context.gateway, session.id) };
    },
  }),
}));
