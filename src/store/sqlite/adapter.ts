import { closeSync, existsSync, openSync } from "node:fs";
import {
  DriverAdapterError,
  type IsolationLevel,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
  type SqlResultSet,
} from "@prisma/driver-adapter-utils";
import type { SqlValue } from "../sql.ts";
import { Connection } from "./connection.ts";
import { adapterName, type SqliteTransaction } from "./transaction.ts";
import { Writer } from "./writer.ts";

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
  readonly writer: Writer;
  readonly #writing: Connection;
  readonly #reader: Connection;

  constructor({ path, busyTimeoutMs = 5000, maxStatements = 500, oneConnection = false }: SqliteOptions) {
    const common = { path, busyTimeoutMs, maxStatements };
    makePrivate(path);
    this.#writing = new Connection({ ...common, readonly: false });
    this.#writing.script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    // What a savepoint may have to undo, else a file for each. Migrations have none, and may have much to sort.
    if (!oneConnection) this.#writing.script("PRAGMA temp_store = MEMORY");
    this.#reader = oneConnection ? this.#writing : new Connection({ ...common, readonly: true });
    this.writer = new Writer(this.#writing);
  }

  /** How many prepared statements both connections keep now. */
  get statementCount(): number {
    return this.#writing.statementCount + this.#reader.statementCount;
  }

  /** Prisma sends INSERT, UPDATE and DELETE with RETURNING this way too; they go to the writer. */
  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    await this.writer.pace.step();
    if (!this.#reader.writes(query.sql)) return this.#reader.query(query);
    return this.writer.run((writing) => writing.query(query));
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    await this.writer.pace.step();
    return this.writer.run((writing) => writing.execute(query));
  }

  async executeScript(script: string): Promise<void> {
    await this.writer.run((writing) => {
      writing.script(script);
      writing.forgetStatements();
      this.#reader.forgetStatements();
    });
  }

  /** Reads what is committed by a statement written by hand. */
  async all<Row>(text: string, values: readonly SqlValue[]): Promise<Row[]> {
    await this.writer.pace.step();
    return this.#reader.all(text, values) as Row[]; // the statement's author knows its columns
  }

  async startTransaction(isolationLevel?: IsolationLevel): Promise<SqliteTransaction> {
    if (isolationLevel && isolationLevel !== "SERIALIZABLE") {
      throw new DriverAdapterError({ kind: "InvalidIsolationLevel", level: isolationLevel });
    }
    return this.writer.begin({ alone: true });
  }

  async dispose(): Promise<void> {
    await this.writer.run((writing) => {
      this.#reader.close();
      writing.close(); // last, so that SQLite folds its log into the file
    });
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
