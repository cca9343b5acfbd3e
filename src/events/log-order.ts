import { LRUCache } from "lru-cache";
import type { LogEvent } from "./event.ts";
import type { Passing } from "./passing-text.ts";
import type { Tail } from "./tail.ts";

const mostWaiting = 256;
const rememberedStreams = 1000;

/**
 * Announces the events of all gateways in the order of their numbers, each once, and passing text where it belongs
 * between them: whoever writes them and whoever reads them from the table may both bring the same ones.
 */
export class LogOrder {
  readonly #tail: Tail;
  readonly #newestByStream = new LRUCache<string, bigint>({ max: rememberedStreams });
  #waiting: Passing[] = [];
  #announced: bigint;
  #written = 0n;

  /** Everything up to `announced` is known to those who listen. */
  constructor(tail: Tail, announced: bigint) {
    this.#tail = tail;
    this.#announced = announced;
  }

  /** The number of the last event that was announced. */
  get announced(): bigint {
    return this.#announced;
  }

  /** The number of the newest event that this gateway knows of, announced or not. */
  get newest(): bigint {
    return this.#announced > this.#written ? this.#announced : this.#written;
  }

  /** Takes what this gateway has committed; true when it is announced now, false when others come before it. */
  wrote(events: readonly LogEvent[]): boolean {
    const [first, last] = [events[0], events.at(-1)];
    if (!first || !last) return true;
    if (last.id > this.#written) this.#written = last.id;
    if (first.id > this.#announced + 1n) return false;
    this.announce(events);
    return true;
  }

  /** Announces those of the next events that were not yet. */
  announce(events: readonly LogEvent[]): void {
    for (const event of events) {
      if (event.id <= this.#announced) continue;
      this.#announced = event.id;
      this.#newestByStream.set(event.stream, event.id);
      this.#tail.publish([event]);
    }
    for (const passing of this.#waiting.splice(0)) this.pass(passing);
  }

  /** Shows passing text, unless it is out of date; false when it waits for an event that comes before it. */
  pass(passing: Passing): boolean {
    if (passing.place > this.#announced) {
      if (this.#waiting.length >= mostWaiting) this.#waiting = []; // it may be lost; its item has all of it
      this.#waiting.push(passing);
      return false;
    }
    const { stream, delta, place } = passing;
    if ((this.#newestByStream.get(stream) ?? 0n) <= place) this.#tail.publishDelta({ stream, delta });
    return true;
  }
}
