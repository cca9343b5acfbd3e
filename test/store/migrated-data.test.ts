import { readFile } from "node:fs/promises";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMemoryRuntime } from "../../src/runtime/memory/memory-runtime.ts";
import { migrationsFolder } from "../../src/store/migration-files.ts";
import { openStore } from "../../src/store/open.ts";
import { startGateway } from "../../src/start.ts";
import { onEveryDatabase } from "./databases.ts";
import { type FirstDatabase, makeFirstDatabase } from "./first-database.ts";
import { firstRows, insertion } from "./first-rows.ts";
import { configOf, sealerOf } from "./rotation-world.ts";

onEveryDatabase("a database of the first version", (provider) => {
  let made: FirstDatabase;
  let tables: readonly string[];
  beforeEach(async () => {
    made = await makeFirstDatabase(provider);
    const rows = await firstRows(sealerOf(made.database));
    tables = Object.keys(rows);
    for (const [table, ofTable] of Object.entries(rows)) {
      for (const row of ofTable) await made.query(insertion(provider, table, row));
    }
  });
  afterEach(() => made.database.close());

  const contents = async () => {
    const all: Record<string, object[]> = {};
    for (const table of tables) all[table] = await made.query(`SELECT * FROM "${table}" ORDER BY 1, 2`);
    return all;
  };
  const migrated = async () => (await openStore(made.database)).close();

  test("has rows in every table, so that none is left out here", async () => {
    const script = await readFile(`${migrationsFolder(provider)}/00000000000000_initial/migration.sql`, "utf8");
    const inScript = [...script.matchAll(/CREATE TABLE "(\w+)"/g)].map(([, name]) => name ?? "");
    expect(tables.toSorted()).toEqual(inScript.toSorted());
  });

  test("keeps every row and every column of it through all later migrations", async () => {
    const before = await contents();
    await migrated();
    const after = await contents();
    const asBefore = Object.entries(before).map(([table, rows]) => [
      table,
      rows.map((row) => expect.objectContaining(row)),
    ]);
    expect(after).toEqual(Object.fromEntries(asBefore));
    expect(after["Response"]?.map((row) => Object.entries(row).find(([name]) => name === "respondentId")?.[1])).toEqual(
      ["agent-one", "agent-one", "agent-one"],
    );
    const measured = after["Response"]?.map((row) => Object.entries(row).find(([name]) => name === "itemBytes")?.[1]);
    expect(measured).toEqual([expect.closeTo(JSON.stringify(final).length, -2), 0, 0]);
    expect(measured?.[0]).toBeGreaterThan(0);
  });

  test("is what a gateway starts and answers on", async () => {
    const config = configOf(made.database, { PORT: "0", LOG_LEVEL: "silent" });
    const running = await startGateway(config, pino({ level: "silent" }), { runtime: createMemoryRuntime() });
    try {
      const ask = asking(running.url);
      const { login } = await ask(`mutation { login(user: "admin", password: "admin") { token } }`, null);
      const data = await ask(everything, login.token);
      expect(data).toEqual(expected);
      const { createResponse } = await ask(
        `mutation { createResponse(agent: "one", input: { text: "again" }) { status agent { name } } }`,
        login.token,
      );
      expect(createResponse).toEqual({ status: "PENDING", agent: { name: "one" } });
    } finally {
      await running.stop();
    }
  });
});

const everything = `{
  agents { nodes { name state tags metadata parentName createdBy { user } runtime { totalSeconds } } }
  agent(name: "one") { responses { nodes { id status output { text other items { type raw } } failure { reason } } } }
  publishedAgents { nodes { name } }
  tagged: agents(filter: { tags: ["alpha"] }) { totalCount }
  secret(space: "lab", key: "TOKEN", showValue: true) { value }
  roles { nodes { name } }
  roleBindings { nodes { subject roleName } }
  spaces { nodes { name description settings } }
  events(filter: { streams: ["response:response-done"] }) { nodes { seq type } }
}`;

const named = (name: string) => ({ name, description: `The space ${name}`, settings: { own: 1 } });
const slept = { state: "SLEPT", createdBy: { user: "admin" }, runtime: { totalSeconds: 5 } };
const final = { type: "final", text: "forty-two" };
const expected = {
  agents: {
    nodes: [
      { name: "one", ...slept, tags: ["alpha"], metadata: { team: "a" }, parentName: null },
      { name: "two", ...slept, tags: [], metadata: {}, parentName: "one" },
    ],
  },
  agent: {
    responses: {
      nodes: [
        {
          id: "response-done",
          status: "COMPLETED",
          output: { text: "forty-two", other: { extra: true }, items: [{ type: "final", raw: final }] },
          failure: null,
        },
        { id: "response-failed", status: "FAILED", output: empty(), failure: { reason: "COMMAND_FAILED" } },
        { id: "response-once", status: "CANCELLED", output: empty(), failure: null },
      ],
    },
  },
  publishedAgents: { nodes: [{ name: "two" }] },
  tagged: { totalCount: 1 },
  secret: { value: "a secret value" },
  roles: { nodes: [{ name: "admin" }] },
  roleBindings: { nodes: [{ subject: "admin", roleName: "admin" }] },
  spaces: { nodes: [named("default"), named("lab")] },
  events: {
    nodes: [
      { seq: 1, type: "response.item" },
      { seq: 2, type: "response.status" },
    ],
  },
};

function empty() {
  return { text: "", other: {}, items: [] };
}

const asking =
  (url: string) =>
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the fields it asked for
  async (query: string, token: string | null): Promise<any> => {
    const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(`${url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query }) });
    const { data, errors } = (await answer.json()) as { data: unknown; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
