import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler } from "../../reconcile/queue.ts";
import type { Prisma, Session } from "../../store/generated/client/client.ts";
import { writeInstructions } from "../computers/instructions.ts";
import { createPreparations } from "../computers/preparation.ts";
import { becomeReady } from "./ready.ts";
import { sessionStream } from "./session.ts";

/** Writes the instructions of sessions whose computer has come up. */
export function createSessionPreparationReconciler(gateway: Gateway, mode: { readonly alone: boolean }): Reconciler {
  const waiting = { state: "INIT", prepared: false, computer: { phase: "RUNNING" } } as const;
  const { session } = gateway.store;
  return createPreparations<Session>(gateway, mode, {
    name: "session preparations",
    concurrency: 16,
    waiting: () => session.findMany({ where: waiting, select: { computerId: true } }),
    find: (computerId) => session.findUnique({ where: { ...waiting, computerId } }),
    endsWith: { streamOf: ({ id }) => sessionStream(id), types: ["session.rested", "session.deleted"] },
    prepare: (owner, signal, held) => prepareSession(gateway, owner, signal, held),
  });
}

async function prepareSession(
  gateway: Gateway,
  session: Session,
  signal: AbortSignal,
  held: Prisma.ComputerWhereInput,
): Promise<boolean> {
  const { id, computerId, instructions } = session;
  await writeInstructions(gateway, computerId, instructions, signal);
  // What was changed meanwhile is not what was written.
  return (
    (await commit(gateway, (unit) => becomeReady(unit, { id, instructions, computer: held }, { prepared: true }))) !==
    null
  );
}
