// Writes the migrations that lead from what the existing ones make to the present models, for both databases:
//
//   scripts/test-postgres.sh node scripts/migration.ts NAME
//     adds prisma/migrations/{sqlite,postgresql}/<time>_NAME
//   scripts/test-postgres.sh node scripts/migration.ts --squash-initial
//     replaces all of them by one; only before the first release
//
// The PostgreSQL server is needed to try the existing migrations on; a database of its own is made and dropped.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { migrationsFolder, type Provider } from "../src/store/migration-files.ts";
import { missingMigration } from "./missing-migration.ts";

async function writeMigrations(name: string, squash: boolean): Promise<void> {
  for (const provider of ["sqlite", "postgresql"] as const) {
    if (squash) rmSync(migrationsFolder(provider), { recursive: true, force: true });
    const script = await missingMigration(provider);
    if (script === null) console.log(`${provider}: nothing changed`);
    else writeMigration(provider, name, script);
  }
}

function writeMigration(provider: Provider, name: string, script: string): void {
  const folder = migrationsFolder(provider);
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "migration_lock.toml"), `provider = "${provider}"\n`);
  writeFileSync(join(folder, name, "migration.sql"), script);
  console.log(`${provider}: wrote ${basename(folder)}/${name}/migration.sql`);
}

function timestamp(): string {
  return new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14);
}

const [argument] = process.argv.slice(2);
if (!process.env["TEST_POSTGRES_URL"])
  throw new Error("Run this by scripts/test-postgres.sh, or set TEST_POSTGRES_URL");
if (argument === "--squash-initial") await writeMigrations("00000000000000_initial", true);
else if (argument && /^[a-z0-9_]+$/.test(argument)) await writeMigrations(`${timestamp()}_${argument}`, false);
else throw new Error("Usage: node scripts/migration.ts NAME | --squash-initial; NAME is of a-z, 0-9 and _");
