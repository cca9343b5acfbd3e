import { z } from "zod";
import { moment, wordOf } from "../../rest/fields.ts";
import { listRoute, type Route, route } from "../../rest/route.ts";
import { sessionParams } from "../sessions/rest-session.ts";

const tag = "Session messages";

/** Selects the fields of document A, in its order. */
const messageFields = /* GraphQL */ `
  fragment RestMessage on Message {
    id
    session_id: sessionId
    role
    content
    created_at: createdAt
  }
`;

const Message = z
  .object({
    id: z.string().meta({ description: "UUID" }),
    session_id: z.string(),
    role: z.enum(["user", "assistant", "system"]),
    content: z.string(),
    created_at: moment("When it was sent"),
  })
  .meta({ id: "Message" });

const example: z.input<typeof Message> = {
  id: "0197b5a2-6c1e-7c3a-9d0b-2f3f6f1f0a13",
  session_id: "61549530-3095-4cbf-b379-cd32416f626d",
  role: "user",
  content: "Generate a Python script to calculate fibonacci numbers",
  created_at: "2025-01-20T10:00:00.000Z",
};

interface MessageData {
  readonly role: string;
}

/** REST writes roles small. */
const presentMessage = (message: MessageData) => ({ ...message, role: message.role.toLowerCase() });

/** Other words for the one who answers are in use. */
const roleOf = {
  user: "USER",
  assistant: "ASSISTANT",
  agent: "ASSISTANT",
  host: "ASSISTANT",
  system: "SYSTEM",
} as const;

/** A session's conversation (document A, "Session Messages"). */
export const messageRoutes: readonly Route[] = [
  listRoute({
    path: "/sessions/:id/messages",
    tag,
    summary: "List a session's messages, the oldest first",
    params: sessionParams,
    document: /* GraphQL */ `
      query RestMessages($id: ID!, $first: Int, $offset: Int) {
        messages(session: $id, first: $first, offset: $offset) {
          items: nodes { ...RestMessage }
          total: totalCount
        }
      }
      ${messageFields}
    `,
    variables: ({ params }) => params,
    present: presentMessage,
    reply: { kind: "json", schema: z.array(Message), example: [example] },
  }),
  route({
    method: "POST",
    path: "/sessions/:id/messages",
    tag,
    summary:
      "Send a message to a session; one that is paused or suspended is resumed. `@name` at its start names an agent",
    params: sessionParams,
    body: z.object({
      content: z.string().meta({ description: "Up to 256 KiB" }),
      role: wordOf(
        ["user", "assistant", "system", "agent", "host"],
        "Default: user; only a user's is answered",
      ).optional(),
    }),
    bodyExample: { content: "Generate a Python script to calculate fibonacci numbers" },
    document: /* GraphQL */ `
      mutation RestSendMessage($id: ID!, $content: String!, $role: MessageRole) {
        sendMessage(session: $id, content: $content, role: $role) { ...RestMessage }
      }
      ${messageFields}
    `,
    variables: ({ params, body }) => ({ ...params, content: body.content, role: body.role && roleOf[body.role] }),
    present: presentMessage,
    reply: { kind: "json", schema: Message, example },
    refusals: [409],
  }),
  route({
    method: "GET",
    path: "/sessions/:id/messages/count",
    tag,
    summary: "Count a session's messages",
    params: sessionParams,
    document: /* GraphQL */ `
      query RestMessageCount($id: ID!) {
        messages(session: $id, first: 0) { totalCount }
      }
    `,
    variables: ({ params }) => params,
    presentFor: ({ totalCount }: { totalCount: number }, { params }) => ({ count: totalCount, session_id: params.id }),
    reply: {
      kind: "json",
      schema: z.object({ count: z.int32(), session_id: z.string() }).meta({ id: "MessageCount" }),
      example: { count: 25, session_id: example.session_id },
    },
  }),
  route({
    method: "DELETE",
    path: "/sessions/:id/messages",
    tag,
    summary: "Delete all messages of a session; what is being answered goes on",
    params: sessionParams,
    document: /* GraphQL */ `
      mutation RestClearMessages($id: ID!) {
        clearMessages(session: $id) { cleared }
      }
    `,
    variables: ({ params }) => params,
    present: () => undefined,
    reply: { kind: "empty" },
  }),
];
