import { abortOn } from "../../events/abort-on.ts";
import type { LogEvent } from "../../events/event.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler } from "../../reconcile/queue.ts";
import type { Prisma } from "../../store/generated/client/client.ts";
import { asItsPreparer } from "./preparer.ts";
import { computerOf } from "./service.ts";
import { isClaim } from "./warm-pool.ts";

/** What an owner of computers does in each once it has come up for the first time. */
export interface Preparation<Owner> {
  readonly name: string;
  readonly concurrency: number;
  /** The computers of all owners that wait to be prepared. */
  readonly waiting: () => Promise<readonly { readonly computerId: string }[]>;
  /** The owner of a computer, if it waits to be prepared. */
  readonly find: (computerId: string) => Promise<Owner | null>;
  /** What ends a preparation early: events of these types on the owner's stream. They have said all there is to say. */
  readonly endsWith: { readonly streamOf: (owner: Owner) => string; readonly types: readonly string[] };
  /**
   * Repeated from the start when the gateway or the computer ends in the middle, and when it answers `false`: what
   * was prepared has been changed meanwhile. Its outcome must be written only while the computer is as `held` says.
   */
  readonly prepare: (owner: Owner, signal: AbortSignal, held: Prisma.ComputerWhereInput) => Promise<boolean>;
}

/**
 * Prepares owners whose computer has come up. Keyed by the computer. `alone` says that no other process could be
 * preparing the same one.
 */
export function createPreparations<Owner>(
  gateway: Gateway,
  { alone }: { readonly alone: boolean },
  work: Preparation<Owner>,
): Reconciler {
  const shutdown = new AbortController();
  const held = alone ? {} : { preparer: gateway.replicaId };
  const prepareIts = async (computerId: string, lost?: AbortSignal) => {
    const owner = await work.find(computerId);
    const signals = lost ? [shutdown.signal, lost] : [shutdown.signal];
    const done = owner === null || (await untilEnded(gateway.tail, work, owner, signals, held));
    return { againAfterMs: done ? null : 0 };
  };
  return {
    name: work.name,
    concurrency: work.concurrency,
    wants: (event) => (hasComeUp(event) ? computerOf(event).id : null),
    keys: async () => (await work.waiting()).map(({ computerId }) => computerId),
    reconcile: async (computerId) => {
      if (alone) return prepareIts(computerId);
      // Another one may have done it by now, and most computers' owners wait for nothing.
      if ((await work.find(computerId)) === null) return {};
      return asItsPreparer(gateway, computerId, (lost) => prepareIts(computerId, lost));
    },
    stop: async () => shutdown.abort(),
  };
}

const hasComeUp = (event: LogEvent) => event.type === "computer.running" || isClaim(event);

async function untilEnded<Owner>(
  tail: Gateway["tail"],
  { endsWith, prepare }: Preparation<Owner>,
  owner: Owner,
  signals: readonly AbortSignal[],
  held: Prisma.ComputerWhereInput,
): Promise<boolean> {
  const ending = abortOn(tail, endsWith.streamOf(owner), ({ type }) => endsWith.types.includes(type));
  const signal = AbortSignal.any([ending.signal, ...signals]);
  try {
    return await prepare(owner, signal, held);
  } catch (error) {
    // Neither a shutdown nor a process that was taken for dead has anything to say.
    if (!signal.aborted) throw error;
    return true;
  } finally {
    ending.stop();
  }
}
