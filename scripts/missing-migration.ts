import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import type { SqlMigrationAwareDriverAdapterFactory } from "@prisma/driver-adapter-utils";
import { Client, Pool, type QueryResult } from "pg";
import { migrate } from "../src/store/migrate.ts";
import { migrationsFolder, type Provider } from "../src/store/migration-files.ts";
import { loadSchemaEngine } from "../src/store/schema-engine.ts";
import { SqliteAdapterFactory } from "../src/store/sqlite/adapter.ts";
import { postgresqlSchema } from "./postgresql-schema.ts";

type Adapter = SqlMigrationAwareDriverAdapterFactory;

/**
 * The script that leads from what the existing migrations make of an empty database to the models;
 * `null` when they already agree. For PostgreSQL, TEST_POSTGRES_URL says where to try it.
 */
export const missingMigration = (provider: Provider): Promise<string | null> =>
  provider === "sqlite"
    ? withSqlite((adapter) => compare(provider, adapter))
    : withPostgresql((adapter) => compare(provider, adapter));

async function compare(provider: Provider, adapter: Adapter): Promise<string | null> {
  const models = readFileSync(new URL("../prisma/schema.prisma", import.meta.url), "utf8");
  const files = [{ path: "schema.prisma", content: provider === "sqlite" ? models : postgresqlSchema(models) }];
  if (existsSync(migrationsFolder(provider))) await migrate(provider, adapter);
  const engine = await loadSchemaEngine(adapter, files);
  const { exitCode, stdout } = await engine.diff({
    from: { tag: "schemaDatasource", files, configDir: "." },
    to: { tag: "schemaDatamodel", files },
    script: true,
    exitCode: true,
    filters: { externalTables: [], externalEnums: [] },
  });
  return exitCode === 2 && stdout !== null ? quoteJsonDefaults(stdout) : null;
}

/** Prisma 7.10 writes the default of a JSON column on SQLite without its quotes, which is not SQL. */
const quoteJsonDefaults = (script: string) => script.replaceAll(/(JSONB.* DEFAULT )([{[].*?[}\]])(,?)$/gm, "$1'$2'$3");

async function withSqlite<T>(run: (adapter: Adapter) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "raworc-migration-"));
  try {
    return await run(new SqliteAdapterFactory({ path: join(folder, "empty.db"), oneConnection: true }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function withPostgresql<T>(run: (adapter: Adapter) => Promise<T>): Promise<T> {
  const url = process.env["TEST_POSTGRES_URL"];
  if (!url) throw new Error("Set TEST_POSTGRES_URL, or run this by scripts/test-postgres.sh");
  const name = `migration_${randomUUID().replaceAll("-", "")}`;
  const server = new Client({ connectionString: url });
  await server.connect();
  await server.query(`CREATE DATABASE ${name}`);
  const pool = new Pool({ connectionString: Object.assign(new URL(url), { pathname: `/${name}` }).href });
  try {
    return await run(new PrismaPg(readingCatalog(pool)));
  } finally {
    await pool.end();
    await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await server.end();
  }
}

/** The engine reads the catalog, where PostgreSQL has a type "char" that Prisma 7.10's adapter does not know. */
function readingCatalog(pool: Pool): Pool {
  const [CHAR, BPCHAR] = [18, 1042];
  const query = pool.query.bind(pool) as (config: unknown) => Promise<QueryResult>; // of its overloads, the one Prisma uses
  const withKnownTypes = async (config: unknown) => {
    const result = await query(config);
    for (const field of result.fields) if (field.dataTypeID === CHAR) field.dataTypeID = BPCHAR;
    return result;
  };
  return Object.assign(pool, { query: withKnownTypes });
}
