/** Work that makes one thing match its stored state. It must be safe to repeat, late, or after a crash. */
export interface Reconciler {
  /** The prefix of its keys, such as `computer`. */
  readonly name: string;
  /** Keys that may need work now; asked at start and every half minute. */
  keys(): Promise<readonly string[]>;
  /** Does what is due for the key; the answer says when to look again, if ever. */
  reconcile(key: string): Promise<ReconcileResult>;
}

export interface ReconcileResult {
  readonly againAfterMs?: number | null;
}

export interface QueueOptions {
  readonly concurrency: number;
  readonly onError: (error: unknown, name: string, key: string) => void;
}

const firstBackoffMs = 200;
const longestBackoffMs = 30_000;
/** setTimeout takes no longer delay. */
const longestTimerMs = 2_147_483_647;

/**
 * Runs reconcilers by key: never two runs of one key at once, in the order asked, bounded in number,
 * repeated with growing delay after an error, and again when a run says so. A key asked for while it
 * runs is run once more.
 */
export class ReconcileQueue {
  readonly #reconcilers: ReadonlyMap<string, Reconciler>;
  readonly #options: QueueOptions;
  readonly #ready = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #failures = new Map<string, number>();
  #idle: (() => void)[] = [];
  #stopped = false;

  constructor(reconcilers: readonly Reconciler[], options: QueueOptions) {
    this.#reconcilers = new Map(reconcilers.map((reconciler) => [reconciler.name, reconciler]));
    this.#options = options;
  }

  /** Asks for a run of one key, as soon as there is room. */
  enqueue(name: string, key: string): void {
    if (this.#stopped) return;
    const id = `${name}:${key}`;
    this.#clearTimer(id);
    this.#ready.add(id);
    this.#pump();
  }

  /** Asks for everything that may need work. */
  async enqueueAll(): Promise<void> {
    for (const reconciler of this.#reconcilers.values()) {
      for (const key of await reconciler.keys()) this.enqueue(reconciler.name, key);
    }
  }

  /** Resolves once nothing is ready or running; timers may still be set. For tests and for shutdown. */
  async tick(): Promise<void> {
    if (this.#ready.size === 0 && this.#running.size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Takes no more work and waits for what runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ready.clear();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(this.#running.values());
  }

  #pump() {
    for (const id of this.#ready) {
      if (this.#running.size >= this.#options.concurrency) return;
      if (this.#running.has(id)) continue;
      this.#ready.delete(id);
      this.#running.set(id, this.#run(id));
    }
    if (this.#ready.size === 0 && this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #run(id: string) {
    const separator = id.indexOf(":");
    const [name, key] = [id.slice(0, separator), id.slice(separator + 1)];
    try {
      const result = await this.#reconcilers.get(name)?.reconcile(key);
      this.#failures.delete(id);
      if (result?.againAfterMs != null) this.#later(id, result.againAfterMs);
    } catch (error) {
      this.#options.onError(error, name, key);
      this.#later(id, this.#backoffMs(id));
    } finally {
      this.#running.delete(id);
      this.#pump();
    }
  }

  #backoffMs(id: string): number {
    const failures = this.#failures.get(id) ?? 0;
    this.#failures.set(id, failures + 1);
    return Math.min(longestBackoffMs, firstBackoffMs * 2 ** failures);
  }

  #later(id: string, delayMs: number) {
    if (this.#stopped || this.#ready.has(id)) return;
    this.#clearTimer(id);
    const timer = setTimeout(() => {
      this.#timers.delete(id);
      this.#ready.add(id);
      this.#pump();
    }, Math.min(Math.max(0, delayMs), longestTimerMs));
    this.#timers.set(id, timer);
  }

  #clearTimer(id: string) {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }
}
