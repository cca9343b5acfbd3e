/** A fair lock: whoever asked first holds it first. */
export class Lock {
  #last: Promise<void> = Promise.resolve();

  /** Waits until everybody who asked before is done; call what it returns to let the next one in. */
  async acquire(): Promise<() => void> {
    const previous = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await previous;
    return resolve;
  }
}
