import { conflict, notFound } from "../../errors.ts";
import type { Unit } from "../../events/commit.ts";
import type { Session } from "../../store/generated/client/client.ts";
import { targetOf } from "../sessions/access.ts";
import { changeSession } from "../sessions/change.ts";
import { sessionEnvironment } from "../sessions/environment.ts";
import { moveInside } from "../sessions/lifecycle.ts";
import { entering } from "../sessions/session.ts";
import type { Home } from "./change.ts";
import { readOnce, type Respondent } from "./respondent.ts";
import { handlerCallOf } from "./session-handler.ts";
import { conversationBefore, toldBySystem } from "./session-history.ts";

/** Where the events of a session's responses belong beside their streams. */
export const homeOfSession = (session: Pick<Session, "id" | "spaceName" | "createdById">): Home => ({
  id: session.id,
  space: session.spaceName,
  ownerId: session.createdById,
  partOf: "sessions",
  facts: { sessionId: session.id },
});

/** A session as the one who answers. */
export const sessionRespondent = (session: Session): Respondent => ({
  ...homeOfSession(session),
  title: `Session "${session.id}"`,
  computerId: session.computerId,
  state: session.state,
  prepared: session.prepared,
  engine: session.engine,
  broken: null,
  columns: { sessionId: session.id },
  target: targetOf(session),
  resource: "sessions",
  responseResource: "messages",
  instructions: async (gateway) =>
    [session.instructions, ...(await toldBySystem(gateway, session.id))].filter(Boolean).join("\n\n") || null,
  environment: readOnce((gateway) => sessionEnvironment(gateway, session)),
  context: { cutoffAt: session.contextCutoffAt, summary: session.contextSummary },
  history: (gateway, response) => conversationBefore(gateway, session, response),
  handler: (gateway, response) => handlerCallOf(gateway, session, response),
  receive: async (unit) => sessionRespondent(await receive(unit, session.id)),
  becomeBusy: async (unit, from) =>
    (await changeSession(unit, { id: session.id, state: from }, entering("BUSY", unit.at))) !== null,
  setContext: async (unit, { cutoffAt, summary }, expected) =>
    (await changeSession(
      unit,
      { id: session.id, ...(expected === undefined ? {} : { contextCutoffAt: expected }) },
      { contextCutoffAt: cutoffAt, contextSummary: summary },
    )) !== null,
  async becomeIdle(unit) {
    const where = { id: session.id, state: "BUSY", responses: { none: { status: "PROCESSING" } } } as const;
    await changeSession(unit, where, entering("IDLE", unit.at));
  },
});

/** A message resumes who is paused or suspended. */
async function receive(unit: Unit, id: string): Promise<Session> {
  const session = await unit.tx.session.findUnique({ where: { id } });
  if (!session) throw notFound("Session", id);
  if (session.state === "CLOSED") {
    throw conflict(`Session "${id}" is CLOSED; restore it first`, { state: session.state });
  }
  return moveInside(unit, id, "resume");
}
