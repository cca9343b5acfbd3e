import { deletionOf, type Kind, type ListKind, rowsOf } from "../../events/remembered.ts";
import type { Message } from "../../store/generated/client/client.ts";
import { sessionStream } from "../sessions/session.ts";
import { messageStream } from "./message.ts";

/** A message never changes; it goes when its session's conversation is cleared, which is an event of the session. */
const messages = rowsOf<Message>("message", {
  keyOf: ({ id }) => id,
  topics: ({ sessionId }) => [sessionStream(sessionId)],
});

/** Keys begin with the session's id. */
function topics(_value: unknown, key: string): readonly string[] {
  const sessionId = key.slice(0, key.indexOf(" "));
  return [messageStream(sessionId), sessionStream(sessionId), deletionOf(sessionId)];
}

export const messageLists: ListKind<Message> = { name: "messages", rows: messages, topics };
export const messageCounts: Kind<number> = { name: "count of messages", topics };
