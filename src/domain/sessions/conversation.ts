import type { Unit } from "../../events/commit.ts";
import type { Session } from "../../store/generated/client/client.ts";

const pageSize = 500;

/**
 * Gives a new session the messages of another, each in its place and with its time. What was answered there stays
 * there: only the words are copied.
 */
export async function copyConversation({ tx, gateway }: Unit, from: Session, to: Session): Promise<Session> {
  let copied = 0;
  for (let more = true; more; ) {
    const page = await tx.message.findMany({
      where: { sessionId: from.id, seq: { gt: copied } },
      orderBy: { seq: "asc" },
      take: pageSize,
    });
    const data = page.map((message) => ({ ...message, id: gateway.newId(), sessionId: to.id, idempotencyKey: null }));
    if (data.length > 0) await tx.message.createMany({ data });
    copied = page.at(-1)?.seq ?? copied;
    more = page.length === pageSize;
  }
  const { contextCutoffAt, contextSummary } = from;
  return tx.session.update({ where: { id: to.id }, data: { messageHead: copied, contextCutoffAt, contextSummary } });
}
