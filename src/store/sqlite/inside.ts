import { AsyncLocalStorage } from "node:async_hooks";
import {
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlDriverAdapterFactory,
  type Transaction,
} from "@prisma/driver-adapter-utils";
import { adapterName, type SqliteTransaction } from "./transaction.ts";

/**
 * Where a client finds itself inside a transaction that was begun without it.
 *
 * Whatever it is asked goes to the transaction in which the asking began, by however many awaits: so what was left
 * over by one that has ended is refused there, and cannot become part of the next one.
 */
export class Inside implements SqlDriverAdapterFactory {
  readonly provider = "sqlite";
  readonly adapterName = adapterName;
  readonly #open = new AsyncLocalStorage<SqliteTransaction>();

  /** Runs `work`, in which the client is inside this transaction. */
  run<T>(transaction: SqliteTransaction, work: () => T): T {
    return this.#open.run(transaction, work);
  }

  async connect(): Promise<SqlDriverAdapter> {
    return {
      provider: this.provider,
      adapterName,
      queryRaw: async (query) => this.#present().queryRaw(query),
      executeRaw: async (query) => this.#present().executeRaw(query),
      executeScript: async () => Promise.reject(new Error("A transaction runs no scripts")),
      startTransaction: async () => joining(this.#present()),
      dispose: async () => undefined,
    };
  }

  #present(): SqliteTransaction {
    const transaction = this.#open.getStore();
    if (transaction) return transaction;
    throw new DriverAdapterError({ kind: "TransactionAlreadyClosed", cause: "There is no transaction here" });
  }
}

/** For what Prisma would put into a transaction of its own: it is part of the one at hand, and ends with it. */
const joining = (transaction: SqliteTransaction): Transaction => ({
  provider: transaction.provider,
  adapterName,
  options: transaction.options,
  queryRaw: (query) => transaction.queryRaw(query),
  executeRaw: (query) => transaction.executeRaw(query),
  commit: async () => undefined,
  rollback: async () => undefined,
});
