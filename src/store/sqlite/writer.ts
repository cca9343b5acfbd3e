import type { Connection } from "./connection.ts";
import { Lock } from "./lock.ts";
import { Pace } from "./pace.ts";
import { SqliteTransaction } from "./transaction.ts";

/** The connection that writes, for one user at a time. */
export class Writer {
  readonly pace = new Pace();
  readonly #connection: Connection;
  readonly #lock = new Lock();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Runs one thing outside of any transaction, as soon as everybody who asked before is done. */
  async run<T>(run: (connection: Connection) => T): Promise<T> {
    const release = await this.#lock.acquire();
    try {
      return run(this.#connection);
    } finally {
      release();
    }
  }

  /**
   * Opens a transaction as soon as everybody who asked before is done.
   *
   * BEGIN IMMEDIATE: a transaction that read first and writes later could otherwise fail half-way.
   *
   * @throws an error that `isStoreAway` knows when that takes longer than `maxWaitMs`.
   */
  async begin(maxWaitMs?: number): Promise<SqliteTransaction> {
    const release = await this.#lock.acquire(maxWaitMs);
    try {
      this.#connection.script("BEGIN IMMEDIATE");
      return new SqliteTransaction(this.#connection, this.pace, release);
    } catch (error) {
      release();
      throw error;
    }
  }
}
