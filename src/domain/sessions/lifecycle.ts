import { badInput, conflict } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Session, SessionState } from "../../store/generated/client/client.ts";
import { latestImage } from "../builds/build.ts";
import { changeImage, orderComputer } from "../computers/service.ts";
import { changeSession, sessionById } from "./change.ts";
import { entering, moves, type SessionVerb } from "./session.ts";

/**
 * Does what a verb says to a session and its computer, as one step. What it was answering, and what waited, ends
 * as `failed` with reason SESSION_PAUSED when the session comes to rest.
 *
 * Where the goal holds already it succeeds and changes nothing.
 *
 * @throws CONFLICT, naming the present state, where the verb makes no sense; NOT_FOUND when the session is gone.
 */
export const moveSession = (gateway: Gateway, id: string, verb: SessionVerb): Promise<Session> =>
  commit(gateway, (unit) => moveInside(unit, id, verb));

/** {@link moveSession} inside a change. */
export async function moveInside(unit: Unit, id: string, verb: SessionVerb): Promise<Session> {
  const { from, there } = moves[verb];
  const moved = await steps[verb](unit, { id, state: { in: [...from] } });
  if (moved) return moved;
  const present = await sessionById(unit.tx, id);
  if (there.includes(present.state)) return present;
  throw cannotMove(present, verb);
}

type Step = (unit: Unit, where: { id: string; state: { in: SessionState[] } }) => Promise<Session | null>;

const steps: Readonly<Record<SessionVerb, Step>> = {
  async pause(unit, where) {
    const session = await rest(unit, where, "PAUSED");
    if (session) await orderComputer(unit, session.computerId, "PAUSED", { staysFrozen: true });
    return session;
  },
  async suspend(unit, where) {
    const session = await rest(unit, where, "SUSPENDED");
    if (session) await orderComputer(unit, session.computerId, "STOPPED");
    return session;
  },
  async close(unit, where) {
    const session = await rest(unit, where, "CLOSED");
    if (session) await orderComputer(unit, session.computerId, "VOLUME_ONLY");
    return session;
  },
  async resume(unit, where) {
    const session = await changeSession(unit, where, entering("INIT", unit.at));
    if (session) await orderComputer(unit, session.computerId, "RUNNING");
    return session;
  },
  async restore(unit, where) {
    const session = await changeSession(unit, where, entering("INIT", unit.at));
    if (!session) return null;
    await orderComputer(unit, session.computerId, "RUNNING");
    return (await takeLatestBuild(unit, session)) ?? session;
  },
};

function rest(unit: Unit, where: Parameters<Step>[1], state: "PAUSED" | "SUSPENDED" | "CLOSED") {
  const closing = state === "CLOSED" ? { terminatedAt: unit.at, terminationReason: "closed" } : {};
  const event = { type: "session.rested", facts: { cause: state } } as const;
  return changeSession(unit, where, { ...entering(state, unit.at), ...closing }, event);
}

/** The session with the image of its space's latest build, if it had one of another; `null` when nothing changes. */
async function takeLatestBuild(unit: Unit, { id, spaceName, buildId, computerId }: Session): Promise<Session | null> {
  const build = buildId === null ? null : await latestImage(unit.tx, spaceName);
  if (!build?.image || build.id === buildId) return null;
  // A container that was not removed in time goes on with the image it has.
  if (!(await changeImage(unit, computerId, build.image))) return null;
  return changeSession(unit, { id }, { buildId: build.id });
}

/**
 * Moves a session to a state by name: INIT is resume or restore, PAUSED pause, SUSPENDED suspend, CLOSED close;
 * IDLE and BUSY are for workers outside and count the busy timeout anew.
 *
 * @throws CONFLICT, naming the present state, for any other move.
 */
export async function setState(gateway: Gateway, id: string, state: string): Promise<Session> {
  const wanted = stateNamed(state);
  if (wanted === "IDLE" || wanted === "BUSY") return setActivity(gateway, id, wanted);
  return commit(gateway, async (unit) => {
    if (wanted !== "INIT") return moveInside(unit, id, verbOf[wanted]);
    const { state: present } = await sessionById(unit.tx, id);
    const session = await moveInside(unit, id, present === "CLOSED" ? "restore" : "resume");
    if (session.state !== "INIT") throw cannotMove(session, "become init");
    return session;
  });
}

const verbOf = { PAUSED: "pause", SUSPENDED: "suspend", CLOSED: "close" } as const;

function stateNamed(text: string): SessionState {
  const wanted = text.toUpperCase();
  for (const state of ["INIT", "IDLE", "BUSY", "PAUSED", "SUSPENDED", "CLOSED"] as const) {
    if (state === wanted) return state;
  }
  throw badInput("state", `"state" must be INIT, IDLE, BUSY, PAUSED, SUSPENDED or CLOSED`);
}

async function setActivity(gateway: Gateway, id: string, state: "BUSY" | "IDLE"): Promise<Session> {
  return commit(gateway, async (unit) => {
    const answersItself = { responses: { some: { status: "PROCESSING", leaseOwner: { not: null } } } } as const;
    const where = { id, state: { in: ["IDLE", "BUSY"] satisfies SessionState[] }, NOT: answersItself };
    const session = await changeSession(unit, where, entering(state, unit.at));
    if (session) return session;
    const present = await sessionById(unit.tx, id);
    if (present.state === state) return present;
    throw cannotMove(present, `become ${state.toLowerCase()}`);
  });
}

const cannotMove = ({ id, state }: Session, what: string) =>
  conflict(`Session "${id}" cannot ${what} while it is ${state}`, { state });
