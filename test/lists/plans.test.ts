import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keysLeftElsewhere } from "../../src/domain/computers/resync.ts";
import { createRetentionReconciler } from "../../src/domain/system/retention.ts";
import { startTestGateway } from "../support/gateway.ts";
import { runByHand } from "../support/run.ts";
import { storeMany } from "./many.ts";
import { planOf, readsOf, slowSteps } from "./plans.ts";

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
beforeAll(async () => {
  gateway = await startTestGateway();
  await gateway.controller.stop();
  await storeMany(gateway.gateway.store, 2000);
  // As it is at work: PostgreSQL looks at its tables by itself, SQLite never does.
  if (process.env["TEST_DATABASE"] === "postgresql") await gateway.gateway.store.$executeRawUnsafe("ANALYZE");
}, 60_000);
afterAll(() => gateway.stop());

const conversation = `messages(session: "session-000000", first: 20) { nodes { id } pageInfo { endCursor } }`;

/** What is asked for page by page, or from a place on. */
const lists: Readonly<Record<string, string>> = {
  "all agents": "{ agents { nodes { name } } }",
  "agents in a state": "{ agents(filter: { states: [SLEPT] }) { nodes { name } } }",
  "agents of a space": `{ agents(filter: { space: "space-3" }) { nodes { name } } }`,
  "published agents": "{ publishedAgents { nodes { name } } }",
  "all sessions": "{ sessions { nodes { id } } }",
  "sessions in a state": "{ sessions(filter: { states: [SUSPENDED] }) { nodes { id } } }",
  "sessions of a space": `{ sessions(filter: { space: "space-3" }) { nodes { id } } }`,
  "responses of an agent": `{ responses(agent: "agent-000000", first: 20) { nodes { id } } }`,
  "responses of agents": "{ agents(first: 5) { nodes { responses(first: 3) { nodes { id } } } } }",
  "messages of a session": `{ ${conversation} }`,
  "all spaces": "{ spaces { nodes { name } } }",
  "builds of a space": `{ builds(space: "space-3") { nodes { id } } }`,
  "the log from a cursor": `{ events(after: "1", first: 10) { nodes { seq } } }`,
  "accounts, roles and bindings":
    "{ serviceAccounts { nodes { user } } roles { nodes { name } } roleBindings { nodes { id } } }",
};

const slow = async (run: () => Promise<unknown>): Promise<string[]> => {
  const statements = await readsOf(run);
  expect(statements.length).toBeGreaterThan(0);
  const found: string[] = [];
  for (const statement of statements) {
    const steps = slowSteps(await planOf(gateway, statement));
    if (steps.length > 0) found.push(`${steps.join("; ")}: ${statement.sql.slice(0, 2000)}`);
  }
  return found;
};

describe("no list looks at every row, or sorts what an index has in order", () => {
  test.each(Object.entries(lists))("%s", async (_what, document) => {
    expect(await slow(() => gateway.data(document))).toEqual([]);
  });
});

/** What there are few of: it is found by an index, and sorted. */
const few: Readonly<Record<string, string>> = {
  "secrets of a space": `{ secrets(space: "default") { nodes { key } } }`,
  "space agents of a space": `{ spaceAgents(space: "space-3") { nodes { name } } }`,
};

describe("no list of what there are few of looks at every row", () => {
  test.each(Object.entries(few))("%s", async (_what, document) => {
    const steps = await slow(() => gateway.data(document));
    expect(steps.filter((step) => !step.startsWith("USE TEMP B-TREE FOR ORDER BY:"))).toEqual([]);
  });
});

describe("what is looked at again and again", () => {
  test("to find what is due or unfinished is found by indexes", async () => {
    expect(await slow(() => gateway.controller.resync())).toEqual([]);
  });

  test("to take over what another process held is found by when that ends", async () => {
    expect(await slow(() => keysLeftElsewhere(gateway.gateway))).toEqual([]);
  });

  test("to forget old events is found by when they happened", async () => {
    const retention = createRetentionReconciler(gateway.gateway);
    expect(await slow(() => retention.reconcile("events", runByHand))).toEqual([]);
  });
});
