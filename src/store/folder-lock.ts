import { join } from "node:path";
import Database from "better-sqlite3";
import { asStoreError, StoreError } from "./store-error.ts";

/** A folder that belongs to this process until it lets go or dies, however it dies. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes a folder for this process alone.
 *
 * The lock is one the kernel keeps for an open file (by way of SQLite, which knows how on every system),
 * so nothing is left behind after a crash and no stale file ever has to be deleted by hand.
 *
 * @throws {StoreError} when another gateway, in this process or another, has the folder, or the lock cannot be written.
 */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, "gateway.lock");
  const database = openLock(path);
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!(error instanceof Database.SqliteError && error.code === "SQLITE_BUSY")) throw unwritable(path, error);
    throw new StoreError(
      `The data folder "${folder}" is in use by another gateway. Stop that one, or give this one ` +
        "a folder of its own with RAWORC_DATA_DIR.",
      error,
    );
  }
  return { release: () => void database.close() };
}

function openLock(path: string): Database.Database {
  try {
    return new Database(path, { timeout: 0 });
  } catch (error) {
    throw unwritable(path, error);
  }
}

const unwritable = (path: string, error: unknown) => asStoreError(`The file "${path}" cannot be written`, error);
