import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type FolderLock, lockFolder } from "../folder-lock.ts";
import { PrismaClient } from "../generated/client/client.ts";
import { migrate } from "../migrate.ts";
import type { Store } from "../store.ts";
import { asStoreError } from "../store-error.ts";
import { transactionOptions } from "../transaction-limits.ts";
import { SqliteAdapter, SqliteAdapterFactory } from "./adapter.ts";
import { Inside } from "./inside.ts";
import { createTransact } from "./transact.ts";

/**
 * Opens the SQLite file at `path` for this process alone; it is made if it is missing.
 *
 * @throws {StoreError} when another gateway has the data folder or the file's folder, the file is no database of this
 * version or older, or a migration fails.
 */
export async function openSqlite(path: string, dataDir: string): Promise<{ store: Store; close(): Promise<void> }> {
  const locks = lockFolders(new Set([resolve(dataDir), dirname(resolve(path))]));
  const release = () =>
    locks.forEach((lock) => {
      lock.release();
    });
  try {
    await migrate("sqlite", new SqliteAdapterFactory({ path, oneConnection: true }));
    const clients = await openClients(path);
    return { store: clients.store, close: () => clients.close().finally(release) };
  } catch (error) {
    release();
    throw asStoreError(`The database "${path}" cannot be opened`, error);
  }
}

/** A client for what is committed, and another one inside of transactions: none of Prisma's own is as cheap. */
async function openClients(path: string): Promise<{ store: Store; close(): Promise<void> }> {
  const database = new SqliteAdapter({ path });
  const { provider, adapterName } = database;
  const outside = new PrismaClient({
    adapter: { provider, adapterName, connect: async () => database },
    transactionOptions,
  });
  const inside = new Inside();
  const tx = new PrismaClient({ adapter: inside });
  await Promise.all([outside.$connect(), tx.$connect()]);
  const store = Object.assign(outside, { transact: createTransact(database.writer, inside, tx), sql: database });
  return { store, close: () => tx.$disconnect().finally(() => outside.$disconnect()) };
}

function lockFolders(folders: Iterable<string>): FolderLock[] {
  const locks: FolderLock[] = [];
  try {
    for (const folder of folders) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      locks.push(lockFolder(folder));
    }
    return locks;
  } catch (error) {
    for (const lock of locks) lock.release();
    throw error;
  }
}
