import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Prisma } from "../../src/store/generated/client/client.ts";
import { openTestStore, type TestStore } from "../support/store.ts";
import { onEveryDatabase } from "./databases.ts";
import { agent, computer, event, space } from "./rows.ts";

onEveryDatabase("values", (provider) => {
  let database: TestStore;
  beforeAll(async () => {
    database = await openTestStore(provider);
    await database.store.space.create({ data: space("default") });
  });
  afterAll(() => database.close());

  test.each(["2026-03-01T12:00:00.001Z", "1969-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"])(
    "the date %s comes back to the millisecond",
    async (text) => {
      const lastLoginAt = new Date(text);
      const { id } = await database.store.serviceAccount.create({
        data: { id: text, user: text, passwordHash: "", createdAt: lastLoginAt, updatedAt: lastLoginAt, lastLoginAt },
      });
      const read = await database.store.serviceAccount.findUniqueOrThrow({ where: { id } });
      expect([read.lastLoginAt, read.createdAt]).toEqual([lastLoginAt, lastLoginAt]);
    },
  );

  test("dates are compared and sorted as dates", async () => {
    const { store } = database;
    const days = ["2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z"];
    const roles = days.map((day, at) => ({
      name: `day ${at}`,
      rules: [],
      createdAt: new Date(day),
      updatedAt: new Date(),
    }));
    await store.role.createMany({ data: roles.toReversed() });
    const found = await store.role.findMany({
      where: { createdAt: { gt: new Date("2025-12-31T23:59:59.999Z") } },
      orderBy: { createdAt: "desc" },
    });
    expect(found.map(({ name }) => name)).toEqual(["day 2", "day 1"]);
  });

  describe("JSON comes back as it went in", () => {
    const documents: Prisma.InputJsonValue[] = [
      {},
      [],
      "text",
      "5",
      "",
      true,
      false,
      0,
      5,
      -1.5,
      1e21,
      9_007_199_254_740_991,
      0.1,
      { deep: [{ "a.b": null }, "ü💡\u2028", { list: [1, [2, [3]]] }] },
      "2026-03-01T12:00:00.000Z",
      { $type: "DateTime", value: "x" },
    ];
    test.each(documents.map((document, at) => [JSON.stringify(document), document, at] as const))(
      "%s",
      async (_text, payload, at) => {
        const id = BigInt(at + 1);
        await database.store.event.create({ data: event(id, payload) });
        expect((await database.store.event.findUniqueOrThrow({ where: { id } })).payload).toEqual(payload);
      },
    );
  });

  test("no JSON, and the JSON that says null, are told apart in filters", async () => {
    const { store } = database;
    const { id: agentId } = await store.agent.create({ data: agent("evidence", "default") });
    const at = new Date();
    const row = (id: string) => ({ id, respondentId: agentId, agentId, input: {}, createdAt: at, updatedAt: at });
    await store.response.create({ data: { ...row("none"), failureEvidence: Prisma.DbNull } });
    await store.response.create({ data: { ...row("null"), failureEvidence: Prisma.JsonNull } });
    await store.response.create({ data: { ...row("some"), failureEvidence: { code: 1 } } });

    const found = await store.response.findMany({ where: { failureEvidence: { equals: Prisma.DbNull } } });
    expect(found.map(({ id }) => id)).toEqual(["none"]);
    expect(await store.response.findUnique({ where: { id: "some" } })).toMatchObject({ failureEvidence: { code: 1 } });
  });

  test("whole numbers of 64 bits keep every digit, also in sums and filters", async () => {
    const { store } = database;
    const ids = [9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n, 9_007_199_254_740_993n];
    for (const [at, id] of ids.entries()) {
      await store.event.create({ data: { ...event(id), stream: "big", seq: at } });
      expect((await store.event.findFirstOrThrow({ where: { id } })).id).toBe(id);
    }
    const { _max } = await store.event.aggregate({ _max: { id: true } });
    expect(_max.id).toBe(ids[0]);
  });

  test("bytes come back as they are, also none and zeros", async () => {
    const { store } = database;
    for (const sealed of [new Uint8Array(), Uint8Array.from([0, 255, 0, 128]), new Uint8Array(100_000).fill(7)]) {
      const at = new Date();
      const keyName = `KEY_${sealed.length}`;
      const { id } = await store.secret.create({
        data: {
          id: keyName,
          space: "default",
          ownerKind: "SPACE",
          ownerId: "default",
          keyName,
          sealed,
          keyId: "k",
          createdAt: at,
          updatedAt: at,
        },
      });
      const read = await store.secret.findUniqueOrThrow({ where: { id } });
      expect(Buffer.from(read.sealed).equals(Buffer.from(sealed))).toBe(true);
    }
  });

  test("booleans, enums, numbers and nothing come back as they are", async () => {
    const { store } = database;
    const created = await store.computer.create({
      data: {
        ...computer(),
        desired: "PAUSED",
        phase: "CREATING",
        network: "EGRESS",
        copyCode: false,
        ranMs: 2_147_483_647,
      },
    });
    const read = await store.computer.findUniqueOrThrow({ where: { id: created.id } });
    expect(read).toEqual(created);
    expect(read).toMatchObject({
      desired: "PAUSED",
      network: "EGRESS",
      copyCode: false,
      copyContent: true,
      image: null,
    });
    expect(
      await store.computer.count({ where: { id: created.id, copyCode: false, phase: { in: ["CREATING"] } } }),
    ).toBe(1);
  });

  test("a lone enum value the models do not know is refused", async () => {
    const data = { ...computer(), phase: "ASLEEP" as "ABSENT" }; // what outside data could try
    await expect(database.store.computer.create({ data })).rejects.toThrow(/phase/);
  });

  test("a list longer than one statement can bind is answered in whole", async () => {
    const names = Array.from({ length: 40_000 }, (_, at) => `no such space ${at}`);
    const found = await database.store.space.findMany({ where: { name: { in: [...names, "default"] } } });
    expect(found).toHaveLength(1);
  });

  describe("a write that breaks a rule of the tables", () => {
    test("is P2002 when a value is taken, and names what had to be unique", async () => {
      const { store } = database;
      await store.agent.create({ data: agent("Taken", "default") });
      const refused = await store.agent.create({ data: agent("Taken", "default") }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: "P2002", meta: { modelName: "Agent" } });
      expect(JSON.stringify(refused)).toMatch(
        provider === "sqlite" ? /"fields":\["name(Key)?"\]/ : /"Agent_name(Key)?_key"/,
      );
      expect(await store.computer.count({ where: { agent: null, phase: "ABSENT" } })).toBe(0);
    });

    test("is P2003 when what it refers to does not exist", async () => {
      const row = { agentId: "nobody", tag: "x" };
      await expect(database.store.agentTag.create({ data: row })).rejects.toMatchObject({ code: "P2003" });
    });

    test("is P2025 when the row to change does not exist", async () => {
      const change = database.store.space.update({ where: { name: "none" }, data: { active: false } });
      await expect(change).rejects.toMatchObject({ code: "P2025" });
    });
  });

  test("deleting a row deletes what belongs to it", async () => {
    const { store } = database;
    const { id } = await store.agent.create({
      data: { ...agent("owner", "default"), tagIndex: { create: { tag: "a" } } },
    });
    await store.agent.delete({ where: { id } });
    expect(await store.agentTag.count({ where: { agentId: id } })).toBe(0);
  });
});
