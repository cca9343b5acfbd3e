import { abortOn } from "../../events/abort-on.ts";
import type { LogEvent } from "../../events/event.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler } from "../../reconcile/queue.ts";
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
   * was prepared has been changed meanwhile.
   */
  readonly prepare: (owner: Owner, signal: AbortSignal) => Promise<boolean>;
}

/** Prepares owners whose computer has come up. Keyed by the computer. */
export function createPreparations<Owner>({ tail }: Pick<Gateway, "tail">, work: Preparation<Owner>): Reconciler {
  const shutdown = new AbortController();
  return {
    name: work.name,
    concurrency: work.concurrency,
    wants: (event) => (hasComeUp(event) ? computerOf(event).id : null),
    keys: async () => (await work.waiting()).map(({ computerId }) => computerId),
    reconcile: async (computerId) => {
      const owner = await work.find(computerId);
      const done = owner === null || (await untilEnded(tail, work, owner, shutdown.signal));
      return { againAfterMs: done ? null : 0 };
    },
    stop: async () => shutdown.abort(),
  };
}

const hasComeUp = (event: LogEvent) => event.type === "computer.running" || isClaim(event);

async function untilEnded<Owner>(
  tail: Gateway["tail"],
  { endsWith, prepare }: Preparation<Owner>,
  owner: Owner,
  shutdown: AbortSignal,
): Promise<boolean> {
  const ending = abortOn(tail, endsWith.streamOf(owner), ({ type }) => endsWith.types.includes(type));
  const signal = AbortSignal.any([ending.signal, shutdown]);
  try {
    return await prepare(owner, signal);
  } catch (error) {
    // A shutdown has nothing to say.
    if (!signal.aborted) throw error;
    return true;
  } finally {
    ending.stop();
  }
}
