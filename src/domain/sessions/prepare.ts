import { abortOn } from "../../events/abort-on.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler } from "../../reconcile/queue.ts";
import type { Session } from "../../store/generated/client/client.ts";
import { writeInstructions } from "../computers/instructions.ts";
import { computerOf } from "../computers/service.ts";
import { becomeReady } from "./ready.ts";
import { sessionStream } from "./session.ts";

const concurrency = 16;

/** Writes the instructions of sessions whose computer has come up. Keyed by the session's computer. */
export function createSessionPreparationReconciler(gateway: Gateway): Reconciler {
  const shutdown = new AbortController();
  const waiting = { state: "INIT", prepared: false, computer: { phase: "RUNNING" } } as const;
  return {
    name: "session preparations",
    concurrency,
    wants: (event) => (event.type === "computer.running" ? computerOf(event).id : null),
    keys: async () => {
      const sessions = await gateway.store.session.findMany({ where: waiting, select: { computerId: true } });
      return sessions.map(({ computerId }) => computerId);
    },
    reconcile: async (computerId) => {
      const session = await gateway.store.session.findUnique({ where: { ...waiting, computerId } });
      const done = !session || (await prepare(gateway, session, shutdown.signal));
      return { againAfterMs: done ? null : 0 };
    },
    stop: async () => shutdown.abort(),
  };
}

/** Repeated when the gateway or the computer ends in the middle; `false` when it must be done once more. */
async function prepare(gateway: Gateway, session: Session, shutdown: AbortSignal): Promise<boolean> {
  const ending = abortOn(gateway.tail, sessionStream(session.id), ({ type }) => endings.has(type));
  const signal = AbortSignal.any([ending.signal, shutdown]);
  try {
    await writeInstructions(gateway, session.computerId, session.instructions, signal);
    // What was changed meanwhile is not what was written.
    const { id, instructions } = session;
    return (await commit(gateway, (unit) => becomeReady(unit, { id, instructions }, { prepared: true }))) !== null;
  } catch (error) {
    if (!signal.aborted) throw error;
    return true;
  } finally {
    ending.stop();
  }
}

const endings: ReadonlySet<string> = new Set(["session.rested", "session.deleted"]);
