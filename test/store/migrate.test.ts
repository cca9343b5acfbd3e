import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SqlDriverAdapter } from "@prisma/driver-adapter-utils";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { migrate } from "../../src/store/migrate.ts";
import { openStore } from "../../src/store/open.ts";
import { SqliteAdapterFactory } from "../../src/store/sqlite/adapter.ts";
import { postgresql } from "../support/needs.ts";
import { openTestStore } from "../support/store.ts";

describe("migrating a database", () => {
  let folder: string;
  let database: SqliteAdapterFactory;
  const run = () => migrate("sqlite", database, join(folder, "migrations"));
  const add = async (name: string, script: string) => {
    await mkdir(join(folder, "migrations", name), { recursive: true });
    await writeFile(join(folder, "migrations", name, "migration.sql"), script);
  };
  const rows = async (sql: string) => {
    const connection: SqlDriverAdapter = await database.connect();
    const result = await connection.queryRaw({ sql, args: [], argTypes: [] });
    await connection.dispose();
    return result.rows;
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "raworc-migrate-"));
    database = new SqliteAdapterFactory({ path: join(folder, "test.db"), oneConnection: true });
    await add("1_first", "CREATE TABLE t (a INTEGER);");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("applies what is missing, in order, and what is there is kept", async () => {
    expect(await run()).toEqual(["1_first"]);
    await rows("INSERT INTO t VALUES (1) RETURNING a");
    await add("2_second", "ALTER TABLE t ADD COLUMN b INTEGER DEFAULT 2;");
    await add("3_third", "UPDATE t SET b = b + 1;");

    expect(await run()).toEqual(["2_second", "3_third"]);

    expect(await rows("SELECT a, b FROM t")).toEqual([[1, 3]]);
  });

  test("does nothing the second time, with a single query", async () => {
    await run();
    const asked: string[] = [];
    const connect = async () => {
      const connection = await new SqliteAdapterFactory({ path: join(folder, "test.db") }).connect();
      const queryRaw = connection.queryRaw.bind(connection);
      return Object.assign(connection, {
        queryRaw: (query: Parameters<typeof queryRaw>[0]) => {
          asked.push(query.sql);
          return queryRaw(query);
        },
        executeRaw: () => Promise.reject(new Error("something was written")),
        executeScript: () => Promise.reject(new Error("something was written")),
      });
    };
    const watched = Object.assign(new SqliteAdapterFactory({ path: join(folder, "test.db") }), { connect });

    expect(await migrate("sqlite", watched, join(folder, "migrations"))).toEqual([]);
    expect(asked).toHaveLength(1);
  });

  test("says which migration failed, and refuses to go on from the unknown state it left", async () => {
    await run();
    await add("2_broken", "CREATE TABLE u (a INTEGER); CREATE TABLE u (a INTEGER);");
    await expect(run()).rejects.toThrow(/migration of the database failed: table u already exists/);
    await expect(run()).rejects.toThrow(/"2_broken" failed earlier.*Restore the backup/);
  });

  test("refuses a database that a newer version has used", async () => {
    await add("2_newer", "CREATE TABLE u (a INTEGER);");
    await run();
    await rm(join(folder, "migrations", "2_newer"), { recursive: true });
    await expect(run()).rejects.toThrow(/"2_newer", which this version does not know/);
  });

  test("refuses a database that was made by another script of the same name", async () => {
    await run();
    await add("1_first", "CREATE TABLE t (a TEXT);");
    await expect(run()).rejects.toThrow(/"1_first" is not the one this database was made with/);
  });
});

describe.skipIf(postgresql.found === null)("gateways that start at the same moment, on PostgreSQL", () => {
  test("take turns to migrate a new database, and all of them start", async () => {
    const database = await openTestStore("postgresql");
    await database.store.$executeRawUnsafe("DROP SCHEMA public CASCADE");
    await database.store.$executeRawUnsafe("CREATE SCHEMA public");

    const replicas = await Promise.all(Array.from({ length: 4 }, () => openStore(database)));

    const counts = await Promise.all(replicas.map((replica) => replica.store.agent.count()));
    expect(counts).toEqual([0, 0, 0, 0]);
    await Promise.all(replicas.map((replica) => replica.close()));
    await database.close();
  });
});
