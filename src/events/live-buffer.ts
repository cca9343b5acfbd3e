import type { Delta, LogEvent } from "./event.ts";
import type { Tail, TailListener } from "./tail.ts";

/** What a reader finds when it asks for more. */
export type Live =
  | { readonly kind: "event"; readonly event: LogEvent }
  | { readonly kind: "delta"; readonly delta: Delta }
  /** Some announcements were lost or dropped: the table knows them. */
  | { readonly kind: "lost" }
  | { readonly kind: "ended" };

/**
 * Announcements waiting for one reader. Bounded: a reader that falls behind by more than `limit`
 * loses what waits and reads the table instead, so it costs the others nothing.
 */
export class LiveBuffer implements TailListener {
  readonly #limit: number;
  readonly #unsubscribe: () => void;
  readonly #signal: AbortSignal;
  #waiting: Live[] = [];
  #wake: (() => void) | null = null;
  /** At once, though its reader may be waiting for something else and look here much later. */
  readonly #onAbort = () => {
    this.close();
    this.#wake?.();
  };

  constructor(tail: Tail, stream: string, limit: number, signal: AbortSignal) {
    this.#limit = limit;
    this.#signal = signal;
    this.#unsubscribe = tail.subscribe(stream, this);
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  event(event: LogEvent) {
    this.#push({ kind: "event", event });
  }

  delta(delta: Delta) {
    this.#push({ kind: "delta", delta });
  }

  lost() {
    this.#waiting = [{ kind: "lost" }];
    this.#wake?.();
  }

  /** The oldest announcement, as soon as there is one; `ended` once the signal has aborted. */
  async next(): Promise<Live> {
    for (;;) {
      if (this.#signal.aborted) return { kind: "ended" };
      const first = this.#waiting.shift();
      if (first) return first;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = null;
    }
  }

  /** Forgets the events that are known by now, and the passing text before the last of them: it is out of date. */
  forget(isKnown: (event: LogEvent) => boolean) {
    const last = this.#waiting.findLastIndex((live) => live.kind === "event" && isKnown(live.event));
    this.#waiting = this.#waiting.filter((live, place) => {
      if (live.kind === "delta") return place > last;
      return live.kind !== "event" || !isKnown(live.event);
    });
  }

  /** Listens no more and forgets what waits. May be repeated. */
  close() {
    this.#waiting = [];
    this.#unsubscribe();
    this.#signal.removeEventListener("abort", this.#onAbort);
  }

  #push(live: Live) {
    if (this.#waiting.length >= this.#limit) this.lost();
    else this.#waiting.push(live);
    this.#wake?.();
  }
}
