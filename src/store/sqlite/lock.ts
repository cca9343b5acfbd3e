import { transactionGivenUp } from "../transaction-limits.ts";

/** A fair lock: whoever asked first holds it first. */
export class Lock {
  #held = false;
  readonly #waiting = new Set<() => void>();

  /** True while somebody holds it, or is about to. */
  get isHeld(): boolean {
    return this.#held;
  }

  /**
   * Waits until everybody who asked before is done; call what it returns to let the next one in.
   *
   * @throws an error that `isStoreAway` knows after `maxWaitMs`; the place in the queue is given up.
   */
  async acquire(maxWaitMs?: number): Promise<() => void> {
    if (this.#held) await this.#turn(maxWaitMs);
    this.#held = true;
    let isMine = true;
    return () => {
      if (isMine) this.#passOn();
      isMine = false;
    };
  }

  #turn(maxWaitMs: number | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const enter = () => {
      clearTimeout(timer);
      resolve();
    };
    const leave = () => {
      this.#waiting.delete(enter);
      reject(transactionGivenUp(`Nobody else's writes ended within ${maxWaitMs} ms`));
    };
    const timer = maxWaitMs === undefined ? undefined : setTimeout(leave, maxWaitMs);
    this.#waiting.add(enter);
    return promise;
  }

  /** It stays held until the next one holds it, so that nobody slips in before whoever waits. */
  #passOn() {
    const [next] = this.#waiting;
    if (next) this.#waiting.delete(next);
    else this.#held = false;
    next?.();
  }
}
