import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";
import { whenThere } from "../../graphql/remembered.ts";
import { MessageRole as roles } from "../../store/generated/client/enums.ts";
import { responseById } from "../responses/remembered.ts";
import { Response } from "../responses/schema.ts";

export const MessageRole = builder.enumType("MessageRole", {
  description: "`USER` is answered · `ASSISTANT` answers · `SYSTEM` tells a model what to be",
  values: Object.values(roles),
});

export const Message = builder.prismaObject("Message", {
  extensions: { isRemembered: true },
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
    resolve: ({ responseId, sessionId }, _args, context) =>
      responseId === null
        ? null
        : whenThere(responseById(context, responseId), (response) =>
            response?.sessionId === sessionId ? response : null,
          ),
  }),
);

export const MessageConnection = connectionOf("Message", Message);
