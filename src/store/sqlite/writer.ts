import type { Connection } from "./connection.ts";
import { Lock } from "./lock.ts";
import { Pace } from "./pace.ts";
import { SharedCommit } from "./shared-commit.ts";
import { SqliteTransaction } from "./transaction.ts";

/** How somebody asks for a transaction. */
export interface Asking {
  /** How long to wait for a turn; without it, as long as it takes. */
  readonly maxWaitMs?: number;
  /** True for one whose COMMIT is not to be shared with others. */
  readonly alone?: boolean;
}

/**
 * The connection that writes, for one user at a time. Transactions that follow each other closely share a COMMIT, of which
 * {@link SharedCommit} says the bounds; a plain write is never among them.
 */
export class Writer {
  readonly pace = new Pace();
  readonly #connection: Connection;
  readonly #lock = new Lock();
  readonly #shared: SharedCommit;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#shared = new SharedCommit(connection);
  }

  /** Runs one thing outside of any transaction, as soon as everybody who asked before is done. */
  async run<T>(run: (connection: Connection) => T): Promise<T> {
    const release = await this.#lock.acquire();
    try {
      this.#shared.settle();
      return run(this.#connection);
    } finally {
      release();
    }
  }

  /**
   * Opens a transaction as soon as everybody who asked before is done.
   *
   * @throws an error that `isStoreAway` knows when that takes longer than `maxWaitMs`.
   */
  async begin({ maxWaitMs, alone = false }: Asking = {}): Promise<SqliteTransaction> {
    const release = await this.#lock.acquire(maxWaitMs);
    const passOn = () => this.#passOn(release, alone);
    try {
      if (alone) this.#shared.settle();
      this.#shared.begin();
      return new SqliteTransaction({ writer: this.#connection, shared: this.#shared, pace: this.pace, passOn });
    } catch (error) {
      passOn();
      throw error;
    }
  }

  /** Whoever waits comes next. When nobody does, those may join who are served in the same turn of the event loop. */
  #passOn(release: () => void, alone: boolean): void {
    try {
      if (alone || this.#shared.isFull) this.#shared.settle();
    } finally {
      release();
    }
    if (!this.#lock.isHeld && this.#shared.isAwaited) setImmediate(this.#settleUnlessHeld);
  }

  readonly #settleUnlessHeld = () => {
    if (!this.#lock.isHeld) this.#shared.settle();
  };
}
