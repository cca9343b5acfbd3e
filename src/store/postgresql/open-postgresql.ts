import { PrismaPg } from "@prisma/adapter-pg";
import { Client } from "pg";
import { PrismaClient } from "../generated/postgresql/client.ts";
import { migrate } from "../migrate.ts";
import type { Store, Transact, Transaction } from "../store.ts";
import { asStoreError } from "../store-error.ts";
import { transactionLimits, transactionOptions } from "../transaction-limits.ts";
import { oneByOne } from "./one-by-one.ts";
import { sqlOn } from "./sql-on.ts";
import { nameStatements } from "./statement-names.ts";

/** Any number that the other programs in the database do not use for their advisory locks. */
const MIGRATION_LOCK = 0x7261776f;

const waits = { connectionTimeoutMillis: 10_000, statement_timeout: 60_000 };

/**
 * Opens a PostgreSQL database. Replicas that start at the same time take turns to migrate it.
 *
 * @throws {StoreError} when the server cannot be reached or a migration fails.
 */
export async function openPostgresql(url: string): Promise<{ store: Store; close(): Promise<void> }> {
  await taking(url, () => migrate("postgresql", new PrismaPg({ connectionString: url, ...waits, max: 1 })));
  const adapter = new PrismaPg({ connectionString: url, ...waits }, { statementNameGenerator: nameStatements() });
  const client = new PrismaClient({ adapter: oneByOne(adapter), transactionOptions });
  await client.$connect();
  const store = Object.assign(client, { transact: transactOn(client), sql: sqlOn(client) });
  // The one boundary between the twins: generated from the same models, they differ only in what a filter
  // or an isolation level may additionally be on one database; only searching in any case of letters uses that.
  return { store: store as unknown as Store, close: () => client.$disconnect() };
}

const transactOn =
  (client: PrismaClient): Transact =>
  (work, options) => {
    const { maxWaitMs: maxWait, timeLimitMs: timeout, oneSnapshot } = { ...transactionLimits, ...options };
    return client.$transaction((tx) => work(tx as unknown as Transaction, sqlOn(tx)), {
      maxWait,
      timeout,
      ...(oneSnapshot ? { isolationLevel: "RepeatableRead" } : {}),
    });
  };

async function taking<T>(url: string, run: () => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, ...waits });
  await client.connect().catch((error: unknown) => {
    throw asStoreError(`PostgreSQL at "${client.host}:${client.port}" cannot be reached`, error);
  });
  try {
    await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    return await run();
  } finally {
    await client.end();
  }
}
