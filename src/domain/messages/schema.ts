import type { Gateway } from "../../gateway.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";
import type { Response as ResponseRow } from "../../store/generated/client/client.ts";
import { MessageRole as roles } from "../../store/generated/client/enums.ts";
import { Response } from "../responses/schema.ts";

export const MessageRole = builder.enumType("MessageRole", {
  description: "`USER` is answered · `ASSISTANT` answers · `SYSTEM` tells a model what to be",
  values: Object.values(roles),
});

export const Message = builder.prismaObject("Message", {
  fields: (t) => ({
    id: t.exposeID("id"),
    sessionId: t.exposeID("sessionId", { description: "The session it is part of." }),
    seq: t.exposeInt("seq", { description: "Its place in the conversation." }),
    role: t.expose("role", { type: MessageRole, description: "Who says it." }),
    content: t.exposeString("content"),
    createdBy: t.exposeString("createdByName", {
      nullable: true,
      description: "The user name of who sent it; null for an answer.",
    }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
  }),
});

builder.objectField(Message, "response", (t) =>
  t.field({
    type: Response,
    nullable: true,
    description: "What it became, or is the answer of; null for one that was copied from another session.",
    resolve: ({ responseId, sessionId }, _args, context) => {
      if (responseId === null) return null;
      const read = (keys: readonly Key[]) => responsesOf(context.gateway, keys);
      return context.loader("responses of messages", read).load({ responseId, sessionId });
    },
  }),
);

interface Key {
  readonly responseId: string;
  readonly sessionId: string;
}

async function responsesOf({ store }: Gateway, keys: readonly Key[]): Promise<(ResponseRow | null)[]> {
  const rows = await store.response.findMany({ where: { id: { in: keys.map(({ responseId }) => responseId) } } });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return keys.map(({ responseId, sessionId }) => {
    const response = byId.get(responseId);
    return response?.sessionId === sessionId ? response : null;
  });
}

export const MessageConnection = connectionOf("Message", Message);
