import type {
  IsolationLevel,
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  Transaction,
} from "@prisma/driver-adapter-utils";

/**
 * The same adapters, whose transactions send a statement when the one before has been answered. A client asks for
 * several at once where it reads what belongs to rows or writes many of them; their one connection can answer only one,
 * and the driver will not line them up for ever.
 */
export const oneByOne = (factory: SqlDriverAdapterFactory): SqlDriverAdapterFactory => ({
  provider: factory.provider,
  adapterName: factory.adapterName,
  connect: async () => withTurns(await factory.connect()),
});

function withTurns(adapter: SqlDriverAdapter): SqlDriverAdapter {
  const start = adapter.startTransaction.bind(adapter);
  return Object.assign(adapter, {
    startTransaction: async (isolationLevel?: IsolationLevel) => inTurn(await start(isolationLevel)),
  });
}

function inTurn(transaction: Transaction): Transaction {
  let last: Promise<unknown> = Promise.resolve();
  const after =
    <Query, Answer>(send: (query: Query) => Promise<Answer>) =>
    (query: Query): Promise<Answer> => {
      const answered = last.then(() => send(query));
      last = answered.catch(() => undefined); // whoever sent it hears of it
      return answered;
    };
  return Object.assign(transaction, {
    queryRaw: after(transaction.queryRaw.bind(transaction)),
    executeRaw: after(transaction.executeRaw.bind(transaction)),
  });
}
