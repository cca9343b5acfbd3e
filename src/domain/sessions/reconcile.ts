import { commit, type Reaction, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler, ReconcileResult } from "../../reconcile/queue.ts";
import type { Session } from "../../store/generated/client/client.ts";
import { computerOf } from "../computers/service.ts";
import { spaceOf } from "../spaces/space.ts";
import { changeSession, sessionOf } from "./change.ts";
import { deleteSessionsOf } from "./delete.ts";
import { becomeReady } from "./ready.ts";
import { busyDeadline, entering } from "./session.ts";

const concurrency = 16;
/** A deadline farther away is seen by a later look at everything. */
const horizonMs = 60_000;

/** Keeps sessions moving: lets deadlines fall, and those whose computer runs get to work. Keyed by the computer. */
export const createSessionReconciler = (gateway: Gateway): Reconciler => ({
  name: "sessions",
  concurrency,
  wants: (event) => {
    if (event.type === "computer.running") return computerOf(event).id;
    return event.stream.startsWith("session:") ? sessionOf(event).computerId : null;
  },
  keys: () => keysToReconcile(gateway),
  reconcile: (computerId) => reconcileSession(gateway, computerId),
});

/** What happens to a computer or a space happens to its sessions in the same transaction. */
export const sessionReactions: readonly Reaction[] = [
  {
    to: ["computer.running"],
    async react(unit, event) {
      const session = await unit.tx.session.findUnique({ where: { computerId: computerOf(event).id } });
      if (session) await useComputer(unit, session);
    },
  },
  {
    to: ["computer.failed"],
    async react(unit, event) {
      const { id: computerId, lastError } = computerOf(event);
      const where = { computerId, state: { in: ["INIT" as const, "IDLE" as const, "BUSY" as const] } };
      const facts = { cause: "COMPUTER_FAILED" };
      await changeSession(
        unit,
        where,
        { ...entering("SUSPENDED", unit.at), lastError },
        { type: "session.rested", facts },
      );
    },
  },
  { to: ["space.deleted"], react: (unit, event) => deleteSessionsOf(unit, spaceOf(event).name) },
];

/** A computer that runs makes its session ready, unless instructions are to be written first. */
async function useComputer(unit: Unit, { id, prepared, startedAt }: Session): Promise<void> {
  const first = startedAt === null ? { startedAt: unit.at } : {};
  const ready = prepared && (await becomeReady(unit, { id }, first));
  // A model may be at work already, before its computer runs.
  if (!ready && startedAt === null) await changeSession(unit, { id, startedAt: null }, first);
}

async function reconcileSession(gateway: Gateway, computerId: string): Promise<ReconcileResult> {
  const session = await gateway.store.session.findUnique({ where: { computerId }, include: { computer: true } });
  if (!session) return {};
  const due = busyDeadline(session);
  const waitMs = due ? due.getTime() - gateway.now().getTime() : null;
  if (waitMs !== null && waitMs <= 0) {
    await timeOut(gateway, session);
    return { againAfterMs: 0 };
  }
  if (session.state === "INIT" && session.prepared && session.computer.phase === "RUNNING") {
    await commit(gateway, (unit) => useComputer(unit, session));
  }
  return { againAfterMs: waitMs };
}

/** Ends what takes too long, unless the deadline has changed since it was read; whoever runs it ends its commands. */
const timeOut = (gateway: Gateway, { id, busyFrom }: Session) =>
  commit(gateway, (unit) => {
    const where = { id, state: "BUSY", busyFrom } as const;
    return changeSession(unit, where, entering("IDLE", unit.at), { type: "session.timedOut" });
  });

async function keysToReconcile(gateway: Gateway): Promise<readonly string[]> {
  const sessions = await gateway.store.session.findMany({
    where: { state: { in: ["INIT", "BUSY"] } },
    select: { computerId: true, state: true, busyFrom: true, busyTimeoutSeconds: true },
  });
  const horizon = gateway.now().getTime() + horizonMs;
  return sessions
    .filter((session) => session.state === "INIT" || (busyDeadline(session)?.getTime() ?? 0) <= horizon)
    .map(({ computerId }) => computerId);
}
