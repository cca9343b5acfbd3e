import { statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SqliteAdapter } from "../../src/store/sqlite/adapter.ts";
import { isStoreAway } from "../../src/store/violations.ts";
import { openTestStore, type TestStore } from "../support/store.ts";
import { agent, event, space } from "./rows.ts";

const large = { text: "x".repeat(200_000) };

describe("the SQLite adapter", () => {
  let database: TestStore;
  beforeEach(async () => {
    database = await openTestStore("sqlite");
  });
  afterEach(() => database.close());

  const names = async () => (await database.store.space.findMany()).map(({ name }) => name);
  const fillDisk = () => database.store.$executeRawUnsafe("PRAGMA max_page_count = 1");
  const emptyDisk = () => database.store.$executeRawUnsafe("PRAGMA max_page_count = 1000000");

  test("goes on after a COMMIT that failed, without that transaction's writes", async () => {
    const { store } = database;
    const refused = store.transact(async (transaction) => {
      await transaction.$executeRaw`PRAGMA defer_foreign_keys = ON`; // found out only by COMMIT
      await transaction.space.create({ data: space("half") });
      await transaction.$executeRaw`INSERT INTO "AgentTag" ("agentId", "tag") VALUES ('nobody', 'x')`;
    });
    await expect(refused).rejects.toMatchObject({ cause: { kind: "ForeignKeyConstraintViolation" } });

    await store.space.create({ data: space("after") });
    await store.$transaction([store.space.create({ data: space("after too") })]);
    expect(await names()).toEqual(["after", "after too"]);
  });

  test("keeps nothing of a transaction that met a full disk, and goes on when there is room again", async () => {
    const { store } = database;
    await store.space.create({ data: space("before") });
    await fillDisk();
    const refused = store.transact(async (transaction) => {
      await transaction.space.create({ data: space("half") });
      await transaction.event.create({ data: event(1n, large) });
    });
    await expect(refused).rejects.toThrow(/full/);
    await expect(store.event.create({ data: event(2n, large) })).rejects.toThrow(/full/);
    expect(await names()).toEqual(["before"]);

    await emptyDisk();
    await store.event.create({ data: event(3n, large) });
    expect((await store.event.findMany()).map(({ id }) => id)).toEqual([3n]);
  });

  test("refuses what comes after SQLite has ended a transaction by itself", async () => {
    const { store } = database;
    const refused = store.transact(async (transaction) => {
      await transaction.space.create({ data: space("half") });
      await transaction.$executeRaw`INSERT OR ROLLBACK INTO "Space" SELECT * FROM "Space"`.catch(() => undefined);
      await transaction.space.create({ data: space("rest") });
    });
    await expect(refused).rejects.toThrow(/already ended/i);
    expect(await names()).toEqual([]);

    await store.space.create({ data: space("after") });
    expect(await names()).toEqual(["after"]);
  });

  test("goes on after another process held the file for longer than it waits", async () => {
    const path = join(database.dataDir, "other.db");
    const adapter = new SqliteAdapter({ path, busyTimeoutMs: 1 });
    await adapter.executeScript("CREATE TABLE t (a INTEGER)");
    const insert = () => adapter.queryRaw({ sql: "INSERT INTO t VALUES (1) RETURNING a", args: [], argTypes: [] });
    const busy = { cause: { kind: "SocketTimeout" } };
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");

    await expect(adapter.startTransaction()).rejects.toMatchObject(busy);
    await expect(insert()).rejects.toMatchObject(busy);

    other.exec("ROLLBACK");
    other.close();
    await (await adapter.startTransaction()).commit();
    expect((await insert()).rows).toEqual([[1]]);
    await adapter.dispose();
  });

  test("keeps no more prepared statements than it may, however many there are", async () => {
    const adapter = new SqliteAdapter({ path: join(database.dataDir, "other.db"), maxStatements: 10 });
    for (let at = 0; at < 100; at++) {
      const { rows } = await adapter.queryRaw({ sql: `SELECT ${at} AS n`, args: [], argTypes: [] });
      expect(rows).toEqual([[at]]);
      await adapter.executeRaw({ sql: `PRAGMA user_version = ${at}`, args: [], argTypes: [] });
    }
    expect(adapter.statementCount).toBeLessThanOrEqual(20);
    await adapter.dispose();
  });

  test("lets timers and sockets have their turn while a loop of queries runs", async () => {
    const timer = new AbortController();
    setTimeout(() => timer.abort(), 1);
    for (let queries = 0; queries < 100_000 && !timer.signal.aborted; queries++) await database.store.space.count();
    expect(timer.signal.aborted).toBe(true);
  });

  test("makes every commit last through a power cut, and its file readable by nobody else", async () => {
    const { store } = database;
    const settings = await Promise.all(
      ["journal_mode", "foreign_keys"].map((name) => store.$queryRawUnsafe(`PRAGMA ${name}`)),
    );
    expect(settings).toEqual([[{ journal_mode: "wal" }], [{ foreign_keys: 1n }]]);
    const writer = await store.transact((transaction) => transaction.$queryRawUnsafe("PRAGMA synchronous"));
    expect(writer).toEqual([{ synchronous: 2n }]);
    const adapter = new SqliteAdapter({ path: join(database.dataDir, "new.db") });
    expect(statSync(join(database.dataDir, "new.db")).mode & 0o077).toBe(0);
    await adapter.dispose();
  });

  test("tells who waits too long for a turn so, keeps nothing of it, and goes on with those behind", async () => {
    const { store } = database;
    const [begun, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = store.transact(async (transaction) => {
      await transaction.space.create({ data: space("first") });
      begun.resolve();
      await mayEnd.promise;
    });
    await begun.promise;
    const waits = (name: string, maxWaitMs: number) =>
      store.transact((transaction) => transaction.space.create({ data: space(name) }), { maxWaitMs });
    const impatient = waits("impatient", 20);
    const patient = waits("patient", 10_000);

    await expect(impatient).rejects.toSatisfy(isStoreAway);
    mayEnd.resolve();
    await Promise.all([first, patient]);
    expect(await names()).toEqual(["first", "patient"]);
  });

  test("lets a transaction undo a part of itself", async () => {
    const { store } = database;
    await store.space.create({ data: space("default") });
    await store.$transaction(async (outer) => {
      await outer.agent.create({ data: agent("kept", "default") });
      await outer
        .$transaction(async (inner) => {
          await inner.agent.create({ data: agent("undone", "default") });
          throw new Error("undo");
        })
        .catch(() => undefined);
    });
    expect((await store.agent.findMany()).map(({ name }) => name)).toEqual(["kept"]);
  });
});
