import { DriverAdapterError } from "@prisma/driver-adapter-utils";
import type { Connection } from "./connection.ts";

/** So many transactions share one COMMIT at the most. */
const mostParts = 64;
/** So long may the oldest of them have been begun when another one joins. */
const longestMs = 10;

/** One after another, so one name serves all. */
const savepoint = "part";

/**
 * Transactions of several callers that reach the disk by one COMMIT. Each is a part of it: it is undone by itself, and
 * its caller is told that it was kept only when all of it is on the disk.
 *
 * Parts come one after another; whoever begins one ends it before the next begins. Between them something is open only
 * while somebody waits for the COMMIT.
 */
export class SharedCommit {
  readonly #connection: Connection;
  /** The first of them was kept, or nothing would be open. */
  #waiting: PromiseWithResolvers<void>[] = [];
  #begunMs = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** True while something that was kept waits for the COMMIT. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** True when nobody else may join. */
  get isFull(): boolean {
    return this.#waiting.length >= mostParts || (this.isAwaited && performance.now() - this.#begunMs >= longestMs);
  }

  /**
   * Opens a part. The first needs no savepoint: to undo it is to undo all.
   *
   * BEGIN IMMEDIATE: a transaction that read first and writes later could otherwise fail half-way.
   */
  begin(): void {
    if (this.isAwaited) return this.#connection.script(`SAVEPOINT ${savepoint}`);
    this.#connection.script("BEGIN IMMEDIATE");
    this.#begunMs = performance.now();
  }

  /** Ends the open part with its changes; what it answers with resolves when they are on the disk. */
  keep(): Promise<void> {
    if (this.isAwaited) this.#connection.script(`RELEASE ${savepoint}`);
    return this.#outcome();
  }

  /**
   * Ends the open part without its changes. What it answers with resolves when those before it are on the disk: it may
   * have failed for what they did, and whoever is told so looks for it. Where it cannot be undone alone, all is, and
   * whoever waits may begin anew.
   */
  async undo(): Promise<void> {
    if (this.isAwaited && this.#undoAlone()) return this.#outcome();
    for (const { reject } of this.#take()) reject(undoneWithAnother());
    this.#connection.rollback();
  }

  #outcome(): Promise<void> {
    const outcome = Promise.withResolvers<void>();
    this.#waiting.push(outcome);
    return outcome.promise;
  }

  /** False when there is no savepoint any more, for on some errors SQLite undoes all by itself. */
  #undoAlone(): boolean {
    try {
      this.#connection.script(`ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`);
      return true;
    } catch {
      return false;
    }
  }

  /** Makes what was kept last and says so, or says of all of it that it was not. */
  settle(): void {
    if (!this.isAwaited) return;
    const waiting = this.#take();
    try {
      this.#connection.script("COMMIT");
    } catch (error) {
      for (const { reject } of waiting) reject(error);
      return this.#connection.rollback();
    }
    for (const { resolve } of waiting) resolve();
  }

  #take(): PromiseWithResolvers<void>[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

/** SQLite's own code for what ends because the transaction around it was undone; `isGivenUp` knows it. */
function undoneWithAnother(): DriverAdapterError {
  const message = "The transaction was undone together with another one";
  const original = { originalCode: "SQLITE_ABORT_ROLLBACK", originalMessage: message };
  return new DriverAdapterError({ kind: "sqlite", extendedCode: 516, message, ...original });
}
