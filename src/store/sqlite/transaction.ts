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

/** Names this adapter in Prisma's error reports. */
export const adapterName = "raworc-sqlite";

/** An open transaction on the writer connection. It holds the writer's lock until it ends. */
export class SqliteTransaction implements Transaction, Sql {
  readonly provider = "sqlite";
  readonly adapterName = adapterName;
  /** Prisma must not send COMMIT and ROLLBACK itself: a COMMIT that fails has to be rolled back here. */
  readonly options: TransactionOptions = { usePhantomQuery: true };
  readonly #writer: Connection;
  readonly #pace: Pace;
  readonly #release: () => void;
  #ended = false;

  /** Takes over a connection on which BEGIN has just succeeded, and `release`, which frees its lock. */
  constructor(writer: Connection, pace: Pace, release: () => void) {
    this.#writer = writer;
    this.#pace = pace;
    this.#release = release;
  }

  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    await this.#pace.step();
    return this.#open().query(query);
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    await this.#pace.step();
    return this.#open().execute(query);
  }

  async all<Row>(text: string, values: readonly SqlValue[]): Promise<Row[]> {
    await this.#pace.step();
    return this.#open().all(text, values) as Row[]; // the statement's author knows its columns
  }

  async run(text: string, values: readonly SqlValue[]): Promise<number> {
    await this.#pace.step();
    return this.#open().run(text, values);
  }

  /** Makes the changes last; when that fails, none of them do, and the writer is free for others. */
  async commit(): Promise<void> {
    try {
      this.#open().script("COMMIT");
      this.#ended = true;
      this.#release();
    } finally {
      this.#undo();
    }
  }

  /** Keeps nothing; does nothing after the end. */
  async rollback(): Promise<void> {
    this.#undo();
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

  #undo(): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.#writer.rollback();
    } finally {
      // What it left under way is refused before the next one begins: Prisma sends look-ups of one turn together, and
      // would send those of the next one with it.
      setImmediate(this.#release);
    }
  }

  /** SQLite ends a transaction by itself on some errors; what came after would then be kept without the rest. */
  #open(): Connection {
    if (!this.#ended && this.#writer.inTransaction) return this.#writer;
    throw new DriverAdapterError({ kind: "TransactionAlreadyClosed", cause: "The transaction has already ended" });
  }
}
