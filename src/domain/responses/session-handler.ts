import type { HandlerCall } from "../../engines/engine.ts";
import type { HandlerContext } from "../../engines/handler/context.ts";
import type { Gateway } from "../../gateway.ts";
import type { Message, Response, Session } from "../../store/generated/client/client.ts";
import { handlerNamed } from "../sessions/handlers.ts";

/** So much of the conversation is handed to a handler; it can keep more in files. */
const longestConversation = 50;

/** The call of a space agent's handler that answers a session's response; `null` when its code is gone. */
export async function handlerCallOf(
  { store }: Pick<Gateway, "store">,
  session: Session,
  { id: responseId, spaceAgent }: Response,
): Promise<HandlerCall | null> {
  const found = spaceAgent === null ? null : await handlerNamed(store, session, spaceAgent);
  if (!found) return null;
  const asked = await store.message.findFirst({ where: { responseId, sessionId: session.id, role: "USER" } });
  const earlier = await store.message.findMany({
    where: { sessionId: session.id, ...(asked ? { NOT: { role: "USER", seq: { gte: asked.seq } } } : {}) },
    orderBy: { seq: "desc" },
    take: longestConversation,
  });
  const { runtime, handler } = found.manifest;
  const context: HandlerContext = {
    session_id: session.id,
    space: session.spaceName,
    agent: found.name,
    message_id: asked?.id ?? null,
    metadata: session.metadata,
    messages: earlier.toReversed().map(asSeen),
  };
  return { agent: found.name, runtime, handler, context: { ...context } };
}

/** A message as REST shows it, which is what handlers are written against. */
const asSeen = ({ id, role, content, createdAt }: Message) => ({
  id,
  role: role.toLowerCase(),
  content,
  created_at: createdAt.toISOString(),
});
