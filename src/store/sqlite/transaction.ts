import {
  DriverAdapterError,
  type SqlQuery,
  type SqlResultSet,
  type Transaction,
  type TransactionOptions,
} from "@prisma/driver-adapter-utils";
import type { Sql, SqlValue } from "../sql.ts";
import type { Connection } from "./connection.ts";
import type { Pace } from "./pace.ts";
import type { SharedCommit } from "./shared-commit.ts";

/** Names this adapter in Prisma's error reports. */
export const adapterName = "raworc-sqlite";

/** What a transaction works with. */
export interface TransactionParts {
  readonly writer: Connection;
  /** What its changes become a part of. */
  readonly shared: SharedCommit;
  readonly pace: Pace;
  /** Lets the next one have the writer. */
  readonly passOn: () => void;
}

/** An open transaction on the writer connection. It holds the writer's lock until it ends. */
export class SqliteTransaction implements Transaction, Sql {
  readonly provider = "sqlite";
  readonly adapterName = adapterName;
  /** Prisma must not send COMMIT and ROLLBACK itself: one that fails has to be undone here, and several may share one. */
  readonly options: TransactionOptions = { usePhantomQuery: true };
  readonly #parts: TransactionParts;
  #ended = false;

  /** Takes over a part of `shared` that has just been begun. */
  constructor(parts: TransactionParts) {
    this.#parts = parts;
  }

  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    await this.#parts.pace.step();
    return this.#open().query(query);
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    await this.#parts.pace.step();
    return this.#open().execute(query);
  }

  async all<Row>(text: string, values: readonly SqlValue[]): Promise<Row[]> {
    await this.#parts.pace.step();
    return this.#open().all(text, values) as Row[]; // the statement's author knows its columns
  }

  async run(text: string, values: readonly SqlValue[]): Promise<number> {
    await this.#parts.pace.step();
    return this.#open().run(text, values);
  }

  /** Makes the changes last; when that fails, none of them do. The writer is free for others before that is known. */
  async commit(): Promise<void> {
    try {
      this.#open();
      const kept = this.#parts.shared.keep();
      this.#ended = true;
      this.#parts.passOn();
      await kept;
    } finally {
      await this.rollback();
    }
  }

  /** Keeps nothing; does nothing after the end. */
  async rollback(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const undone = this.#parts.shared.undo();
    // What it left under way is refused before the next one begins: Prisma sends look-ups of one turn together, and
    // would send those of the next one with it.
    setImmediate(this.#parts.passOn);
    await undone;
  }

  async createSavepoint(name: string): Promise<void> {
    this.#open().script(`SAVEPOINT ${name}`);
  }

  async rollbackToSavepoint(name: string): Promise<void> {
    this.#open().script(`ROLLBACK TO ${name}`);
  }

  async releaseSavepoint(name: string): Promise<void> {
    this.#open().script(`RELEASE ${name}`);
  }

  /** SQLite ends a transaction by itself on some errors; what came after would then be kept without the rest. */
  #open(): Connection {
    if (!this.#ended && this.#parts.writer.inTransaction) return this.#parts.writer;
    throw new DriverAdapterError({ kind: "TransactionAlreadyClosed", cause: "The transaction has already ended" });
  }
}
