import { closeSync, existsSync, openSync } from "node:fs";
import {
  DriverAdapterError,
  type IsolationLevel,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
  type SqlResultSet,
} from "@prisma/driver-adapter-utils";
import { Connection } from "./connection.ts";
import { Lock } from "./lock.ts";
import { Pace } from "./pace.ts";
import { adapterName, SqliteTransaction } from "./transaction.ts";

/** How to open a SQLite file. */
export interface SqliteOptions {
  readonly path: string;
  /** How long to wait for another process that holds the file (default 5000). */
  readonly busyTimeoutMs?: number;
  /** How many prepared statements each of the two connections keeps (default 500). */
  readonly maxStatements?: number;
  /** True where nothing runs at the same time, as in migrations, which lock the file against other connections. */
  readonly oneConnection?: boolean;
}

/**
 * Prisma on a SQLite file, where an acknowledged write lasts whatever its neighbours do.
 *
 * One connection writes, behind a lock that plain writes take like transactions do, so nobody's write can
 * become part of somebody else's transaction. The other connection serves plain reads and only sees what
 * is committed; it never waits for a writer.
 */
export class SqliteAdapter implements SqlDriverAdapter {
  readonly provider = "sqlite";
  readonly adapterName = adapterName;
  readonly #writer: Connection;
  readonly #reader: Connection;
  readonly #lock = new Lock();
  readonly #pace = new Pace();

  constructor({ path, busyTimeoutMs = 5000, maxStatements = 500, oneConnection = false }: SqliteOptions) {
    const common = { path, busyTimeoutMs, maxStatements };
    makePrivate(path);
    this.#writer = new Connection({ ...common, readonly: false });
    this.#writer.script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    this.#reader = oneConnection ? this.#writer : new Connection({ ...common, readonly: true });
  }

  /** How many prepared statements both connections keep now. */
  get statementCount(): number {
    return this.#writer.statementCount + this.#reader.statementCount;
  }

  /** Prisma sends INSERT, UPDATE and DELETE with RETURNING this way too; they go to the writer. */
  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    await this.#pace.step();
    if (!this.#reader.writes(query.sql)) return this.#reader.query(query);
    return this.#write((writer) => writer.query(query));
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    await this.#pace.step();
    return this.#write((writer) => writer.execute(query));
  }

  async executeScript(script: string): Promise<void> {
    await this.#write((writer) => {
      writer.script(script);
      writer.forgetStatements();
      this.#reader.forgetStatements();
    });
  }

  /** BEGIN IMMEDIATE: a transaction that read first and writes later could otherwise fail half-way. */
  async startTransaction(isolationLevel?: IsolationLevel): Promise<SqliteTransaction> {
    if (isolationLevel && isolationLevel !== "SERIALIZABLE") {
      throw new DriverAdapterError({ kind: "InvalidIsolationLevel", level: isolationLevel });
    }
    const release = await this.#lock.acquire();
    try {
      this.#writer.script("BEGIN IMMEDIATE");
      return new SqliteTransaction(this.#writer, this.#pace, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  async dispose(): Promise<void> {
    await this.#write((writer) => {
      this.#reader.close();
      writer.close(); // last, so that SQLite folds its log into the file
    });
  }

  async #write<T>(run: (writer: Connection) => T): Promise<T> {
    const release = await this.#lock.acquire();
    try {
      return run(this.#writer);
    } finally {
      release();
    }
  }
}

/**
 * SQLite itself would make a file that everybody can read. One that exists is not touched: closing a
 * file gives up every lock this process holds on it, those of other connections too.
 */
function makePrivate(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
}

/** Makes the adapters of one SQLite file; Prisma's client and its schema engine both take it. */
export class SqliteAdapterFactory implements SqlMigrationAwareDriverAdapterFactory {
  readonly provider = "sqlite";
  readonly adapterName = adapterName;
  readonly #options: SqliteOptions;

  constructor(options: SqliteOptions) {
    this.#options = options;
  }

  async connect(): Promise<SqliteAdapter> {
    return new SqliteAdapter(this.#options);
  }

  /** Not needed: migrations are compared through a real, empty database. */
  async connectToShadowDb(): Promise<SqlDriverAdapter> {
    throw new Error("The SQLite adapter has no shadow database");
  }
}
