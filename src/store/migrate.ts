import {
  isDriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from "@prisma/driver-adapter-utils";
import { type Migration, migrationsFolder, type Provider, readMigrations, toMigrationList } from "./migration-files.ts";
import { loadSchemaEngine } from "./schema-engine.ts";
import { asStoreError, StoreError } from "./store-error.ts";

interface Recorded {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/**
 * Brings the tables up to date and returns the names of the migrations that were missing.
 *
 * Costs one query when nothing is missing. Only one process may do this to a database at a time.
 *
 * @throws {StoreError} when an earlier migration failed, the database is newer than this program, a migration
 * was edited after it was applied, or one fails now.
 */
export async function migrate(
  provider: Provider,
  adapter: SqlMigrationAwareDriverAdapterFactory,
  folder = migrationsFolder(provider),
): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const connection = await adapter.connect();
  try {
    const recorded = await readRecorded(connection);
    refuseForeignHistory(migrations, recorded);
    return recorded.length < migrations.length ? await apply(provider, sharing(adapter, connection), migrations) : [];
  } finally {
    await connection.dispose();
  }
}

/** The engine never gives back its connection, and on SQLite keeps the file locked; so it gets ours. */
const sharing = (
  adapter: SqlMigrationAwareDriverAdapterFactory,
  connection: SqlDriverAdapter,
): SqlMigrationAwareDriverAdapterFactory => ({
  provider: adapter.provider,
  adapterName: adapter.adapterName,
  connect: async () => connection,
  connectToShadowDb: () => adapter.connectToShadowDb(),
});

async function apply(
  provider: Provider,
  adapter: SqlMigrationAwareDriverAdapterFactory,
  migrations: readonly Migration[],
): Promise<string[]> {
  const engine = await loadSchemaEngine(adapter);
  try {
    const result = await engine.applyMigrations({
      migrationsList: toMigrationList(provider, migrations),
      filters: { externalTables: [], externalEnums: [] },
    });
    return result.appliedMigrationNames;
  } catch (error) {
    throw asStoreError("A migration of the database failed", error);
  } finally {
    engine.free();
  }
}

async function readRecorded(connection: SqlDriverAdapter): Promise<Recorded[]> {
  const sql = `SELECT migration_name, checksum, CASE WHEN finished_at IS NULL THEN 'no' ELSE 'yes' END
    FROM "_prisma_migrations" WHERE rolled_back_at IS NULL ORDER BY migration_name`;
  try {
    const { rows } = await connection.queryRaw({ sql, args: [], argTypes: [] });
    return rows.map(([name, checksum, finished]) => ({
      name: String(name),
      checksum: String(checksum),
      finished: finished === "yes",
    }));
  } catch (error) {
    if (isDriverAdapterError(error) && error.cause.kind === "TableDoesNotExist") return [];
    throw error;
  }
}

function refuseForeignHistory(migrations: readonly Migration[], recorded: readonly Recorded[]): void {
  const checksums = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const { name, checksum, finished } of recorded) {
    if (!checksums.has(name)) {
      throw new StoreError(
        `The database has the migration "${name}", which this version does not know: it was last ` +
          "used by a newer gateway. Start that version or restore a backup from before it.",
      );
    }
    if (!finished) {
      throw new StoreError(
        `The migration "${name}" failed earlier or was interrupted, so the tables are in an ` +
          "unknown state. Restore the backup from before it and start again.",
      );
    }
    if (checksums.get(name) !== checksum) {
      throw new StoreError(
        `The migration "${name}" is not the one this database was made with. Start the version ` +
          "that made it, or start with an empty database.",
      );
    }
  }
}
