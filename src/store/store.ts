import type { Prisma, PrismaClient } from "./generated/client/client.ts";
import type { Sql } from "./sql.ts";

/**
 * The database. One client type for SQLite and PostgreSQL: both are generated from the same models,
 * and nothing in the program may use what only one of them has.
 */
export type Store = PrismaClient & {
  readonly transact: Transact;
  /** Statements written by hand that read what is committed. */
  readonly sql: Pick<Sql, "all">;
};

/** The store inside a transaction. */
export type Transaction = Omit<Prisma.TransactionClient, "$transaction">;

/**
 * Runs `work` in one transaction: all that it writes through `tx` and `sql` is kept when it returns, nothing when it throws.
 * What it leaves unfinished is refused from then on, and never reaches another transaction. `work` must not write
 * to the store by any other way: on SQLite that write would wait for this transaction to end.
 *
 * @throws an error that `isStoreAway` knows when it waits or takes too long, and one that `isGivenUp` knows when it was
 * undone for what others did at the same time; then it may be tried again.
 */
export type Transact = <T>(work: (tx: Transaction, sql: Sql) => Promise<T>, options?: TransactOptions) => Promise<T>;

export interface TransactOptions {
  /** How long it may wait for its turn (default 15 s). */
  readonly maxWaitMs?: number;
  /** How long it may take (default 15 s). */
  readonly timeLimitMs?: number;
  /** Everything it reads is as of one moment, also where others write at the same time. */
  readonly oneSnapshot?: boolean;
}
