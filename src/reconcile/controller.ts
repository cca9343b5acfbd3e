import { GatewayError } from "../errors.ts";
import type { Gateway } from "../gateway.ts";
import type { RuntimeEvent } from "../runtime/runtime.ts";
import { endsWithin } from "../timers.ts";
import { ReconcileQueue, type Reconciler } from "./queue.ts";

const resyncMs = 30_000;
/** A dead process is noticed this long after its leases have ended, at the latest. */
const lookElsewhereMs = 3_000;
const stopLimitMs = 10_000;

/** Keeps the outside as stored: hands every event and every hint to the reconcilers that want it. */
export interface Controller {
  /** Begins; everything that may need work is looked at first. */
  start(): Promise<void>;
  /** Looks at everything again. */
  resync(): Promise<void>;
  /** Resolves when no reconciler has work ready or running. */
  quiet(): Promise<void>;
  /**
   * Begins nothing more and waits for what runs, but not for ever: what still runs ten seconds after the grace time of
   * responses, such as the making of an image, is left to the next start, as after a crash.
   */
  stop(): Promise<void>;
}

/** Makes the controller over the reconcilers of all rooms; nothing runs before `start`. */
export function createController(gateway: Gateway, reconcilers: readonly Reconciler[]): Controller {
  const stopping = new AbortController();
  const lanes = reconcilers.map((reconciler) => ({
    reconciler,
    queue: new ReconcileQueue(reconciler, (error, key) => logFailure(gateway, error, reconciler.name, key)),
  }));
  const timers: NodeJS.Timeout[] = [];
  let stopListening = () => {};

  const resync = async () => {
    for (const { reconciler, queue } of lanes) for (const key of await reconciler.keys()) queue.enqueue(key);
  };
  const lookElsewhere = async () => {
    for (const { reconciler, queue } of lanes) {
      for (const key of (await reconciler.heldElsewhere?.()) ?? []) queue.enqueue(key);
    }
  };
  const lookElsewhereOrLog = () =>
    lookElsewhere().catch((error) => gateway.log.warn({ err: error }, "could not look after other processes"));
  const resyncOrLog = () => resync().catch((error) => gateway.log.warn({ err: error }, "could not look at everything"));

  const heed = (event: RuntimeEvent) => {
    if (event.kind === "connected") return resyncOrLog();
    for (const { reconciler, queue } of lanes) {
      const key = reconciler.wantsFromRuntime?.(event);
      if (key) queue.enqueue(key);
    }
    return undefined;
  };
  const heedRuntime = async () => {
    for await (const event of gateway.runtime.events(stopping.signal)) void heed(event);
  };

  return {
    resync,
    async start() {
      stopListening = gateway.tail.subscribe("*", {
        event(event) {
          for (const { reconciler, queue } of lanes) {
            const key = reconciler.wants(event);
            if (key) queue.enqueue(key);
          }
        },
        lost: () => void resyncOrLog(),
      });
      heedRuntime().catch((error) => gateway.log.error({ err: error }, "hints of the container engine ended"));
      timers.push(setInterval(resyncOrLog, resyncMs), setInterval(lookElsewhereOrLog, lookElsewhereMs));
      await resync();
    },
    async quiet() {
      while (lanes.some(({ queue }) => !queue.isQuiet)) await Promise.all(lanes.map(({ queue }) => queue.quiet()));
    },
    async stop() {
      stopping.abort();
      for (const timer of timers) clearInterval(timer);
      stopListening();
      await drain(gateway, lanes);
    },
  };
}

interface Lane {
  readonly reconciler: Reconciler;
  readonly queue: ReconcileQueue;
}

async function drain({ config, log }: Gateway, lanes: readonly Lane[]): Promise<void> {
  const ended = lanes.map(({ reconciler, queue }) => Promise.all([reconciler.stop?.(), queue.stop()]));
  if (await endsWithin(Promise.all(ended), config.drainSeconds * 1000 + stopLimitMs)) return;
  const busy = lanes.filter(({ queue }) => !queue.isQuiet).map(({ reconciler }) => reconciler.name);
  log.warn({ reconcilers: busy }, "stopping without waiting any longer for what they do");
}

/** What is away for a while, such as Docker, is a matter for the operator; anything else may be a bug and is shown whole. */
function logFailure({ log }: Gateway, error: unknown, reconciler: string, key: string): void {
  const isAway = error instanceof GatewayError && error.code === "UNAVAILABLE";
  if (isAway) log.warn({ reconciler, key }, `will try again: ${error.message}`);
  else log.warn({ err: error, reconciler, key }, "will try again");
}
