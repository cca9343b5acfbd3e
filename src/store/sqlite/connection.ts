import type { ColumnType, SqlQuery, SqlResultSet } from "@prisma/driver-adapter-utils";
import Database from "better-sqlite3";
import { LRUCache } from "lru-cache";
import { toAdapterError } from "./errors.ts";
import type { SqlValue } from "../sql.ts";
import { declaredType, fromStored, fromValue, inferredType, toStored, toValue } from "./values.ts";

/** How to open one connection. */
export interface ConnectionOptions {
  readonly path: string;
  readonly readonly: boolean;
  /** How long a statement waits while another process holds the file; the whole process waits with it. */
  readonly busyTimeoutMs: number;
  /** How many prepared statements are kept, the least recently used one leaving first. */
  readonly maxStatements: number;
}

interface Prepared {
  readonly statement: Database.Statement<unknown[], unknown[]>;
  readonly columnNames: string[];
  readonly columnTypes: readonly (ColumnType | null)[];
  readonly emptyRow: EmptyRow;
}

type EmptyRow = Readonly<Record<string, unknown>>;

/** One connection to a SQLite file, with its prepared statements. Everything in it is synchronous. */
export class Connection {
  readonly #database: Database.Database;
  readonly #prepared: LRUCache<string, Prepared>;

  constructor({ path, readonly, busyTimeoutMs, maxStatements }: ConnectionOptions) {
    this.#prepared = new LRUCache({ max: maxStatements });
    this.#database = attempt(() => new Database(path, { readonly, timeout: busyTimeoutMs }));
    // Integers arrive as bigint: SQLite's have 64 bits, and a number would lose some of them silently.
    this.#database.defaultSafeIntegers(true);
  }

  /** False also after SQLite ended a transaction by itself, as it does when the disk is full. */
  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** How many prepared statements are kept now. */
  get statementCount(): number {
    return this.#prepared.size;
  }

  /** True for anything that may change the file, also when it returns rows. */
  writes(sql: string): boolean {
    return attempt(() => !this.#prepare(sql).statement.readonly);
  }

  /** Runs one statement and returns its rows; none for a statement without a result. */
  query({ sql, args, argTypes }: SqlQuery): SqlResultSet {
    return attempt(() => {
      const { statement, columnNames, columnTypes } = this.#prepare(sql);
      const bound = args.map((argument, at) => toStored(argument, argTypes[at]));
      if (statement.reader) return toResult(columnNames, columnTypes, statement.all(bound));
      statement.run(bound);
      return { columnNames: [], columnTypes: [], rows: [] };
    });
  }

  /** Runs one statement and returns how many rows it changed (or returned, if it returns rows). */
  execute({ sql, args, argTypes }: SqlQuery): number {
    return attempt(() => {
      const { statement } = this.#prepare(sql);
      const bound = args.map((argument, at) => toStored(argument, argTypes[at]));
      return statement.reader ? statement.all(bound).length : statement.run(bound).changes;
    });
  }

  /** Runs one statement written by hand and returns its rows, as a client gives them. */
  all(sql: string, values: readonly SqlValue[]): object[] {
    return attempt(() => {
      const { statement, columnNames, columnTypes, emptyRow } = this.#prepare(sql);
      return statement.all(values.map(fromValue)).map((row) => toRow(emptyRow, columnNames, columnTypes, row));
    });
  }

  /** Runs one statement written by hand and returns how many rows it changed. */
  run(sql: string, values: readonly SqlValue[]): number {
    return attempt(() => this.#prepare(sql).statement.run(values.map(fromValue)).changes);
  }

  /** Runs statements separated by semicolons, without arguments. */
  script(sql: string): void {
    attempt(() => this.#database.exec(sql));
  }

  /** Forgets every prepared statement; needed after a change of the tables, whose columns they remember. */
  forgetStatements(): void {
    this.#prepared.clear();
  }

  /** Ends an open transaction without its changes; does nothing when there is none. */
  rollback(): void {
    if (this.inTransaction) this.script("ROLLBACK");
  }

  close(): void {
    this.forgetStatements();
    this.#database.close();
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const statement = this.#database.prepare<unknown[], unknown[]>(withEscapes(sql));
    const columns = statement.reader ? statement.raw().columns() : [];
    const columnNames = columns.map(({ name }) => name);
    const prepared = {
      statement,
      columnNames,
      emptyRow: emptyRowOf(columnNames),
      columnTypes: columns.map(({ type }) => declaredType(type)),
    };
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

/** LIKE with the backslash as its escape, which PostgreSQL has and SQLite wants to be told of. */
const withEscapes = (sql: string) => sql.replaceAll(/ LIKE (\?|\([^()]*\))/g, String.raw`$& ESCAPE '\'`);

function toResult(columnNames: string[], declared: readonly (ColumnType | null)[], rows: unknown[][]): SqlResultSet {
  const columnTypes = declared.map((type, at) => type ?? inferredType(rows, at));
  for (const row of rows) {
    for (const [at, type] of columnTypes.entries()) row[at] = fromStored(row[at], type);
  }
  return { columnNames: [...columnNames], columnTypes, rows };
}

/** Rows are copies of one with all columns: V8 keeps what gets its columns one by one in five times the memory. */
const emptyRowOf = (names: readonly string[]): EmptyRow =>
  JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join()}}`) as EmptyRow; // as written

function toRow(
  empty: EmptyRow,
  names: readonly string[],
  types: readonly (ColumnType | null)[],
  stored: readonly unknown[],
): object {
  const row: Record<string, unknown> = { ...empty };
  for (const [at, name] of names.entries()) row[name] = toValue(stored[at], types[at] ?? null);
  return row;
}

function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw toAdapterError(error);
  }
}
