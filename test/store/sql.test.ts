import { afterAll, beforeAll, expect, test } from "vitest";
import { isUniqueViolation } from "../../src/store/violations.ts";
import { openTestStore, type TestStore } from "../support/store.ts";
import { onEveryDatabase } from "./databases.ts";
import { agent, space } from "./rows.ts";

const at = new Date("2026-03-01T12:00:00.007Z");
const long = 9_007_199_254_740_993n; // no number can hold it

onEveryDatabase("statements written by hand", (provider) => {
  let database: TestStore;
  beforeAll(async () => {
    database = await openTestStore(provider);
    const { store } = database;
    await store.space.create({ data: space("default") });
    const told = { metadata: { deep: [1, { '"': "ü\u2028" }] }, tags: ["a"], isPublished: true, publishedAt: at };
    await store.agent.create({ data: { ...agent("demo", "default"), id: "demo", engine: "SHELL", ...told } });
  });
  afterAll(() => database.close());

  test("give rows as the client gives them", async () => {
    const { store } = database;
    const byClient = await store.agent.findUniqueOrThrow({ where: { id: "demo" } });
    expect(await store.sql.all(`SELECT * FROM "Agent" WHERE "id" = ?`, ["demo"])).toEqual([byClient]);
    const changed = `UPDATE "Agent" SET "idleFrom" = ?, "state" = ? WHERE "id" = ? AND "isPublished" = ? RETURNING *`;
    const [row] = await store.transact((_tx, sql) => sql.all(changed, [at, "IDLE", "demo", true]));
    expect(row).toEqual({ ...byClient, idleFrom: at, state: "IDLE" });
    expect(row).toEqual(await store.agent.findUniqueOrThrow({ where: { id: "demo" } }));
  });

  test("store values as the client stores them", async () => {
    const { store } = database;
    const values = { stream: "s", type: "t", payload: { text: "a 'quoted' ?", list: [null, true, 1.5] }, at };
    const nulls = { actor: null, space: null, ownerId: null, partOf: null };
    const byClient = await store.event.create({ data: { id: long, seq: 1, ...values } });
    const insert = `INSERT INTO "Event" ("id", "stream", "seq", "type", "payload", "at") VALUES (?, ?, ?, ?, ?, ?)`;
    const row = [long + 1n, values.stream, 2, values.type, values.payload, values.at];
    expect(await store.transact((_tx, sql) => sql.run(insert, row))).toBe(1);

    const rows = await store.event.findMany({ where: { at, id: { gt: long } } });
    expect(rows).toEqual([{ ...byClient, ...nulls, id: long + 1n, seq: 2 }]);
    const [first, second] = await store.sql.all<{ t: string }>(
      provider === "sqlite"
        ? `SELECT typeof("at") || typeof("payload") || "at" || "payload" AS "t" FROM "Event" ORDER BY "id"`
        : `SELECT "at"::text || "payload"::text AS "t" FROM "Event" ORDER BY "id"`,
      [],
    );
    expect(second).toEqual(first);
  });

  test("see what the client has done in the same transaction, and are undone with it", async () => {
    const { store } = database;
    const count = `SELECT CAST(count(*) AS INTEGER) AS "count" FROM "Space"`;
    const failing = store.transact(async (tx, sql) => {
      await tx.space.create({ data: space("by client") });
      await sql.run(`UPDATE "Space" SET "description" = ? WHERE "name" = ?`, ["by hand", "by client"]);
      expect(await sql.all(count, [])).toEqual([{ count: 2 }]);
      expect(await store.sql.all(count, [])).toEqual([{ count: 1 }]);
      expect(await tx.space.findUnique({ where: { name: "by client" } })).toMatchObject({ description: "by hand" });
      throw new Error("undo");
    });
    await expect(failing).rejects.toThrow("undo");
    expect(await store.sql.all(count, [])).toEqual([{ count: 1 }]);
  });

  test("are refused once their transaction has ended", async () => {
    const { store } = database;
    const kept = await store.transact(async (_tx, sql) => sql);
    await store.transact(async () => {
      await expect(kept.run(`DELETE FROM "Space"`, [])).rejects.toThrow(/ended|closed/i);
      await expect(kept.all(`SELECT 1`, [])).rejects.toThrow(/ended|closed/i);
    });
  });

  test("tell of a value that is taken as the client does", async () => {
    const again = `INSERT INTO "Space" ("name", "createdAt", "updatedAt") VALUES (?, ?, ?)`;
    const taken = database.store.transact((_tx, sql) => sql.run(again, ["default", at, at]));
    await expect(taken).rejects.toSatisfy(isUniqueViolation);
  });
});
