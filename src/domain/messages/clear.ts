import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import { changeSession, sessionById } from "../sessions/change.ts";

/**
 * Deletes all messages of a session; answers how many there were. What is being answered goes on, and its answer is
 * added all the same.
 *
 * @throws NOT_FOUND when the session is gone.
 */
export async function clearMessages(gateway: Gateway, sessionId: string): Promise<number> {
  return commit(gateway, async (unit) => {
    // What stood for earlier messages goes with them.
    const forgotten = { contextCutoffAt: null, contextSummary: null };
    const session = await changeSession(unit, { id: sessionId }, { lastActivityAt: unit.at, ...forgotten });
    if (!session) await sessionById(unit.tx, sessionId); // says that it is gone
    const { count } = await unit.tx.message.deleteMany({ where: { sessionId } });
    return count;
  });
}
