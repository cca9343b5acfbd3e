import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import type { Config } from "../config.ts";
import type { Provider } from "./migration-files.ts";
import { openSqlite } from "./sqlite/open-sqlite.ts";
import type { Store } from "./store.ts";
import { asStoreError } from "./store-error.ts";

/** The database, ready for use, with its tables up to date. */
export interface OpenStore {
  readonly store: Store;
  readonly provider: Provider;
  /** Ends what is running and gives the database back; repeating it does nothing. */
  close(): Promise<void>;
}

/**
 * Opens the database the configuration names, makes it if it is new and brings its tables up to date.
 *
 * A SQLite file belongs to one process: until `close`, or its death, no other gateway can open the folder.
 * On PostgreSQL any number of replicas may start at once; one migrates and the others wait for it.
 *
 * @throws {StoreError} when the folder is taken or cannot be written, or the tables cannot be brought up to date.
 */
export async function openStore({ databaseUrl, dataDir }: Pick<Config, "databaseUrl" | "dataDir">): Promise<OpenStore> {
  await ensureFolder(dataDir);
  if (databaseUrl.startsWith("file:")) {
    return { provider: "sqlite", ...(await openSqlite(databaseUrl.slice("file:".length), dataDir)) };
  }
  const { openPostgresql } = await import("./postgresql/open-postgresql.ts"); // spares others a second client
  return { provider: "postgresql", ...(await openPostgresql(databaseUrl)) };
}

async function ensureFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const advice = "give the gateway the right to write there, or another folder with RAWORC_DATA_DIR";
    throw asStoreError(`The data folder "${dataDir}" cannot be used (${advice})`, error);
  }
}
