import type { LogEvent } from "../events/event.ts";
import type { RuntimeEvent } from "../runtime/runtime.ts";
import { longestTimerMs } from "../timers.ts";

/** Work that makes one thing match its stored state. It must be safe to repeat, late, or after a crash. */
export interface Reconciler {
  readonly name: string;
  /** How many keys may be worked on at once. */
  readonly concurrency: number;
  /** The key an event asks to look at, if any. */
  wants(event: LogEvent): string | null;
  /** The key a hint of the container engine asks to look at, if any. */
  wantsFromRuntime?(event: RuntimeEvent): string | null;
  /** Keys that may need work now; asked at start and every half minute. */
  keys(): Promise<readonly string[]>;
  /** Keys that another process has taken and would leave undone if it died; asked every few seconds. */
  heldElsewhere?(): Promise<readonly string[]>;
  /** Does what is due for the key; the answer says when to look again, if ever. */
  reconcile(key: string, run: Run): Promise<ReconcileResult>;
  /** Ends what the reconciler left running in the background. */
  stop?(): Promise<void>;
}

/** What a run may ask of its queue. */
export interface Run {
  /** Asks for another run of the key at once. */
  readonly again: () => void;
  /**
   * Does what may take long. Meanwhile the run does not count among those that are worked on at once; afterwards it goes
   * on when there is room, before any that has not begun.
   */
  readonly aside: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface ReconcileResult {
  readonly againAfterMs?: number | null;
}

const firstBackoffMs = 200;
const longestBackoffMs = 30_000;

/**
 * Runs one reconciler by key: never two runs of one key at once, in the order asked, bounded in number but for
 * what is done aside, repeated with growing delay after an error, and again when a run says so. A key asked for
 * while it runs is run once more.
 */
export class ReconcileQueue {
  readonly #reconciler: Reconciler;
  readonly #onError: (error: unknown, key: string) => void;
  readonly #ready = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  /** Of those that run, the ones that do not count. */
  readonly #aside = new Set<string>();
  /** Those aside that could go on. */
  readonly #returning = new Map<string, () => void>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #failures = new Map<string, number>();
  readonly #idle: (() => void)[] = [];
  #stopped = false;

  constructor(reconciler: Reconciler, onError: (error: unknown, key: string) => void) {
    this.#reconciler = reconciler;
    this.#onError = onError;
  }

  /** Asks for a run of one key, as soon as there is room. */
  enqueue(key: string): void {
    if (this.#stopped) return;
    this.#clearTimer(key);
    this.#ready.add(key);
    this.#pump();
  }

  /** True when nothing is ready or running; timers may still be set. */
  get isQuiet(): boolean {
    return this.#ready.size === 0 && this.#running.size === 0;
  }

  /** Resolves once the queue {@link isQuiet}. */
  async quiet(): Promise<void> {
    if (this.isQuiet) return;
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
    for (const [key, goOn] of this.#returning) {
      if (this.#isFull) return;
      this.#returning.delete(key);
      this.#aside.delete(key);
      goOn();
    }
    for (const key of this.#ready) {
      if (this.#isFull) return;
      if (this.#running.has(key)) continue;
      this.#ready.delete(key);
      this.#running.set(key, this.#run(key));
    }
    if (this.isQuiet) for (const resolve of this.#idle.splice(0)) resolve();
  }

  get #isFull(): boolean {
    return this.#running.size - this.#aside.size >= this.#reconciler.concurrency;
  }

  async #stepAside<T>(key: string, work: () => Promise<T>): Promise<T> {
    this.#aside.add(key);
    this.#pump();
    try {
      return await work();
    } finally {
      await new Promise<void>((goOn) => {
        this.#returning.set(key, goOn);
        this.#pump();
      });
    }
  }

  async #run(key: string) {
    try {
      const { againAfterMs } = await this.#reconciler.reconcile(key, {
        again: () => this.enqueue(key),
        aside: (work) => this.#stepAside(key, work),
      });
      this.#failures.delete(key);
      if (againAfterMs != null) this.#later(key, againAfterMs);
    } catch (error) {
      this.#onError(error, key);
      this.#later(key, this.#backoffMs(key));
    } finally {
      this.#running.delete(key);
      this.#pump();
    }
  }

  #backoffMs(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.min(longestBackoffMs, firstBackoffMs * 2 ** failures);
  }

  #later(key: string, delayMs: number) {
    if (this.#stopped || this.#ready.has(key)) return;
    this.#clearTimer(key);
    const timer = setTimeout(() => this.enqueue(key), Math.min(Math.max(0, delayMs), longestTimerMs));
    this.#timers.set(key, timer);
  }

  #clearTimer(key: string) {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }
}
