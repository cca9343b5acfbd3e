import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import Database from "better-sqlite3";
import { Client } from "pg";
import { migrate } from "../../src/store/migrate.ts";
import { migrationsFolder, type Provider } from "../../src/store/migration-files.ts";
import { SqliteAdapterFactory } from "../../src/store/sqlite/adapter.ts";
import { openTestStore, type TestStore } from "../support/store.ts";

const first = "00000000000000_initial";

type Rows = Readonly<Record<string, unknown>>[];

/** A database that only the first migration has made, and what speaks SQL to it while nobody else does. */
export interface FirstDatabase {
  readonly database: TestStore;
  query(sql: string): Promise<Rows>;
}

/** Makes one; `database.close` deletes it. */
export async function makeFirstDatabase(provider: Provider): Promise<FirstDatabase> {
  const database = await openTestStore(provider);
  if (provider === "postgresql") {
    await database.store.$executeRawUnsafe("DROP SCHEMA public CASCADE");
    await database.store.$executeRawUnsafe("CREATE SCHEMA public");
  }
  await database.release();
  const query = provider === "sqlite" ? sqliteQuery(database) : postgresqlQuery(database);
  if (provider === "sqlite") await rm(pathOf(database));
  await withFirstMigration(provider, (folder) => migrate(provider, adapterFor(provider, database), folder));
  return { database, query };
}

const pathOf = ({ databaseUrl }: TestStore) => databaseUrl.replace("file:", "");

const adapterFor = (provider: Provider, database: TestStore) =>
  provider === "sqlite"
    ? new SqliteAdapterFactory({ path: pathOf(database), oneConnection: true })
    : new PrismaPg({ connectionString: database.databaseUrl });

async function withFirstMigration(provider: Provider, run: (folder: string) => Promise<unknown>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "raworc-first-"));
  await cp(join(migrationsFolder(provider), first), join(folder, first), { recursive: true });
  await run(folder);
  await rm(folder, { recursive: true });
}

const sqliteQuery =
  (database: TestStore) =>
  async (sql: string): Promise<Rows> => {
    const connection = new Database(pathOf(database));
    try {
      const statement = connection.prepare<[], Rows[number]>(sql);
      return statement.reader ? statement.all() : (statement.run(), []);
    } finally {
      connection.close();
    }
  };

const postgresqlQuery =
  (database: TestStore) =>
  async (sql: string): Promise<Rows> => {
    const client = new Client({ connectionString: database.databaseUrl });
    await client.connect();
    try {
      return (await client.query(sql)).rows as Rows;
    } finally {
      await client.end();
    }
  };
