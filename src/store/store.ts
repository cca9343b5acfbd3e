import type { Prisma, PrismaClient } from "./generated/client/client.ts";

/**
 * The database. One client type for SQLite and PostgreSQL: both are generated from the same models,
 * and nothing in the program may use what only one of them has.
 */
export type Store = PrismaClient;

/** The store inside a transaction. */
export type Transaction = Prisma.TransactionClient;
