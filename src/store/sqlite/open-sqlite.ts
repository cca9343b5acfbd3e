import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type FolderLock, lockFolder } from "../folder-lock.ts";
import { PrismaClient } from "../generated/client/client.ts";
import { migrate } from "../migrate.ts";
import type { Store } from "../store.ts";
import { asStoreError } from "../store-error.ts";
import { transactionOptions } from "../transaction-options.ts";
import { SqliteAdapterFactory } from "./adapter.ts";

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
    const store = new PrismaClient({ adapter: new SqliteAdapterFactory({ path }), transactionOptions });
    await store.$connect();
    return { store, close: () => store.$disconnect().finally(release) };
  } catch (error) {
    release();
    throw asStoreError(`The database "${path}" cannot be opened`, error);
  }
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
