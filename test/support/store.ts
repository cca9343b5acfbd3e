import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { Client } from "pg";
import { Prisma } from "../../src/store/generated/client/client.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrationsFolder, type Provider, readMigrations } from "../../src/store/migration-files.ts";
import { type OpenStore, openStore } from "../../src/store/open.ts";
import { SqliteAdapterFactory } from "../../src/store/sqlite/adapter.ts";

/** A database of a test's own. */
export interface TestStore extends OpenStore {
  /** The folder the database belongs to; it is deleted by `close`. */
  readonly dataDir: string;
  readonly databaseUrl: string;
  /** Gives the database back without deleting it, so that another process can open it. */
  release(): Promise<void>;
  /** Empties every table. */
  reset(): Promise<void>;
}

const chosen: Provider = process.env["TEST_DATABASE"] === "postgresql" ? "postgresql" : "sqlite";

/**
 * Opens a fresh database with all tables, opened as the program would open it.
 *
 * Quick, because it copies one that was migrated once. PostgreSQL needs TEST_POSTGRES_URL
 * (`scripts/test-postgres.sh npx vitest run` sets it).
 */
export async function openTestStore(provider: Provider = chosen): Promise<TestStore> {
  const dataDir = await mkdtemp(join(tmpdir(), "raworc-test-"));
  const database = provider === "sqlite" ? await copySqlite(dataDir) : await copyPostgresql();
  const opened = await openStore({ dataDir, databaseUrl: database.url });
  const close = async () => {
    await opened.close();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return {
    ...opened,
    dataDir,
    databaseUrl: database.url,
    release: () => opened.close(),
    close,
    reset: () => empty(opened),
  };
}

async function empty({ store, provider }: OpenStore): Promise<void> {
  const tables = Object.values(Prisma.ModelName).map((name) => `"${name}"`);
  if (provider === "postgresql") return void (await store.$executeRawUnsafe(`TRUNCATE ${tables.join(", ")} CASCADE`));
  const deletions = tables.map((table) => store.$executeRawUnsafe(`DELETE FROM ${table}`));
  await store.$transaction([store.$executeRawUnsafe("PRAGMA defer_foreign_keys = ON"), ...deletions]);
}

interface Database {
  readonly url: string;
  drop(): Promise<void>;
}

async function copySqlite(folder: string): Promise<Database> {
  const template = join(tmpdir(), `raworc-template-${await fingerprint("sqlite")}.db`);
  if (!existsSync(template)) {
    const draft = `${template}.${randomUUID()}`; // renamed when complete, for other workers do the same
    await migrate("sqlite", new SqliteAdapterFactory({ path: draft, oneConnection: true }));
    await rename(draft, template);
  }
  const path = join(folder, "gateway.db");
  await copyFile(template, path);
  return { url: `file:${path}`, drop: async () => undefined };
}

async function copyPostgresql(): Promise<Database> {
  const template = `raworc_template_${await fingerprint("postgresql")}`;
  const name = `raworc_test_${randomUUID().replaceAll("-", "")}`;
  await onServer(async (server) => {
    await server.query("SELECT pg_advisory_lock(1)");
    const { rowCount } = await server.query("SELECT 1 FROM pg_database WHERE datname = $1", [template]);
    if (!rowCount) {
      await server.query(`DROP DATABASE IF EXISTS ${template}_draft WITH (FORCE)`);
      await server.query(`CREATE DATABASE ${template}_draft`);
      await migrate("postgresql", new PrismaPg({ connectionString: urlOf(`${template}_draft`) }));
      await server.query(`ALTER DATABASE ${template}_draft RENAME TO ${template}`);
    }
    await server.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  const drop = () => onServer((server) => server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  return { url: urlOf(name), drop: async () => void (await drop()) };
}

async function onServer<T>(run: (server: Client) => Promise<T>): Promise<T> {
  const server = new Client({ connectionString: serverUrl() });
  await server.connect();
  try {
    return await run(server);
  } finally {
    await server.end();
  }
}

const urlOf = (database: string) => Object.assign(new URL(serverUrl()), { pathname: `/${database}` }).href;

function serverUrl(): string {
  const url = process.env["TEST_POSTGRES_URL"];
  if (!url) throw new Error("Tests on PostgreSQL need TEST_POSTGRES_URL; scripts/test-postgres.sh sets it");
  return url;
}

async function fingerprint(provider: Provider): Promise<string> {
  const migrations = await readMigrations(migrationsFolder(provider));
  return createHash("sha256").update(JSON.stringify(migrations)).digest("hex").slice(0, 16);
}
