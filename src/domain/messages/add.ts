import { notFound } from "../../errors.ts";
import type { Unit } from "../../events/commit.ts";
import type { Message } from "../../store/generated/client/client.ts";
import { messageStream, type NewMessage } from "./message.ts";

/**
 * Adds a message to a session's conversation, inside a change. Counting its place holds the session, so messages that
 * come at once are added one after another.
 *
 * @throws NOT_FOUND when the session is gone.
 */
export async function addMessage(unit: Unit, sessionId: string, message: NewMessage): Promise<Message> {
  const { tx, at, gateway } = unit;
  const [session] = await tx.session.updateManyAndReturn({
    where: { id: sessionId },
    data: { messageHead: { increment: 1 }, lastActivityAt: at },
  });
  if (!session) throw notFound("Session", sessionId);
  const id = gateway.newId();
  const added = await tx.message.create({
    data: { ...message, id, sessionId, seq: session.messageHead, createdAt: at },
  });
  const { seq, role, responseId } = added;
  await unit.emit({
    stream: messageStream(sessionId),
    type: "message.added",
    space: session.spaceName,
    ownerId: session.createdById,
    payload: { id, sessionId, seq, role, responseId },
  });
  return added;
}
