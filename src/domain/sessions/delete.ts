import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Session } from "../../store/generated/client/client.ts";
import { orderComputer } from "../computers/service.ts";
import { deleteSecrets } from "../secrets/owned.ts";
import { emitSession, sessionById } from "./change.ts";
import { ownerOf } from "./environment.ts";

/**
 * Deletes a session with its messages, responses and secrets at once; its container and volume go as soon as the
 * engine answers. What it was answering ends as `failed` with reason SESSION_DELETED.
 *
 * @throws NOT_FOUND when the session is gone.
 */
export async function deleteSession(gateway: Gateway, id: string): Promise<Session> {
  return commit(gateway, async (unit) => {
    const session = await sessionById(unit.tx, id);
    await removeSession(unit, session);
    return session;
  });
}

/** Deletes every session of a space inside the change that deletes the space. */
export async function deleteSessionsOf(unit: Unit, spaceName: string): Promise<void> {
  const sessions = await unit.tx.session.findMany({
    where: { spaceName },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
  for (const session of sessions) await removeSession(unit, session);
}

async function removeSession(unit: Unit, session: Session): Promise<void> {
  await emitSession(unit, "session.deleted", session);
  await deleteSecrets(unit, ownerOf(session));
  await orderComputer(unit, session.computerId, "ABSENT");
  await unit.tx.session.delete({ where: { id: session.id } });
}
