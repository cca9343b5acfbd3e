import type { Transact, Transaction } from "../store.ts";
import { transactionGivenUp, transactionLimits } from "../transaction-limits.ts";
import type { Inside } from "./inside.ts";
import type { Writer } from "./writer.ts";

/** Transactions on the writer, with `tx` as the client that finds itself inside of them. */
export function createTransact(writer: Writer, inside: Inside, tx: Transaction): Transact {
  return async (work, options) => {
    const { maxWaitMs, timeLimitMs } = { ...transactionLimits, ...options };
    await writer.pace.step();
    const transaction = await writer.begin({ maxWaitMs });
    try {
      // Awaited inside: Prisma sends a query only when somebody asks for its outcome.
      const working = inside.run(transaction, async () => await work(tx, transaction));
      const result = await within(timeLimitMs, working);
      await transaction.commit();
      return result;
    } finally {
      await transaction.rollback();
    }
  };
}

/** The outcome of the work. @throws an error that `isStoreAway` knows when the time is over first. */
function within<T>(limitMs: number, working: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(transactionGivenUp(`The transaction took longer than ${limitMs} ms and was undone`));
    const timer = setTimeout(giveUp, limitMs);
    working.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
