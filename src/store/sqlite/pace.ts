import { setImmediate } from "node:timers/promises";

const STEPS_PER_TURN = 64;

/**
 * Lets the rest of the process have its turn.
 *
 * SQLite answers without ever waiting, so a loop of queries would keep sockets and timers, those of
 * transactions too, from being served until it ends.
 */
export class Pace {
  #steps = 0;

  /** To be awaited before each query; waits once in a while. */
  step(): Promise<void> | undefined {
    this.#steps = (this.#steps + 1) % STEPS_PER_TURN;
    return this.#steps === 0 ? setImmediate() : undefined;
  }
}
