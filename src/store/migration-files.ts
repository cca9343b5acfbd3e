import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { MigrationList } from "@prisma/schema-engine-wasm/schema_engine_bg";

/** The databases the store works on. */
export type Provider = "sqlite" | "postgresql";

/** One step of the tables' history, in the order of the names. */
export interface Migration {
  /** The folder's name, `20260131120000_what_changes`. */
  readonly name: string;
  readonly script: string;
  /** How Prisma remembers the script it applied. */
  readonly checksum: string;
}

/** The folder of one database's migrations; it is the same for `src`, `dist` and an installed package. */
export const migrationsFolder = (provider: Provider) =>
  fileURLToPath(new URL(`../../prisma/migrations/${provider}`, import.meta.url));

/** Reads the migrations in a folder, oldest first. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(names.toSorted().map((name) => readMigration(folder, name)));
}

async function readMigration(folder: string, name: string): Promise<Migration> {
  const script = await readFile(`${folder}/${name}/migration.sql`, "utf8");
  return { name, script, checksum: createHash("sha256").update(script).digest("hex") };
}

/** The migrations in the form in which the schema engine takes them. */
export const toMigrationList = (provider: Provider, migrations: readonly Migration[]): MigrationList => ({
  baseDir: migrationsFolder(provider),
  lockfile: { path: "migration_lock.toml", content: `provider = "${provider}"\n` },
  shadowDbInitScript: "",
  migrationDirectories: migrations.map(({ name, script }) => ({
    path: name,
    migrationFile: { path: "migration.sql", content: { tag: "ok", value: script } },
  })),
});
