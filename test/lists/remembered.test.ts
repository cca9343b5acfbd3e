import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { schema } from "../../src/graphql/schema.ts";
import type { MemoryControls } from "../../src/runtime/memory/controls.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { accountToken } from "../support/agents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { createSession, orderSession } from "../support/sessions.ts";
import { operations, others, type Present } from "./remembered-operations.ts";
import { selectionOf } from "./selections.ts";

let gateway: TestGateway<Runtime & MemoryControls>;
afterEach(() => gateway.stop());

const responses = `responses(first: 20) { totalCount nodes {
  ${selectionOf("Response", 0)} items { seq } output { text items { seq } other } failure { message } agent { state } session { state }
} }`;
const things = (more: string, computer = true) =>
  `${more} ${computer ? `computer { ${selectionOf("Computer", 0)} }` : ""}`;

/** All that is remembered, asked of lists, filtered lists and, by name or id, of one thing. */
const documents = {
  agents: `{ agents(first: 5) { totalCount nodes {
    ${things(selectionOf("Agent", 0))} createdBy { user } parent { name state } publishPermissions { code } runtime { totalSeconds } ${responses}
  } } }`,
  someAgents: `{ busy: agents(filter: { states: [BUSY, SLEPT] }) { totalCount nodes { name } }
    tagged: agents(filter: { tags: ["t3"] }) { totalCount nodes { name tags } }
    found: agents(filter: { q: "number" }) { totalCount nodes { name description } }
    publishedAgents { totalCount nodes { name state } }
    waiting: agents(first: 5) { nodes { responses(status: PENDING) { totalCount nodes { id } } } } }`,
  sessions: `{ sessions(first: 5) { totalCount nodes {
    ${things(selectionOf("Session", 0))} createdBy { user } parent { id state } remixes(first: 2) { totalCount nodes { id } } ${responses}
    messages(first: 3) { totalCount nodes { ${selectionOf("Message", 0)} response { status } } }
  } } }`,
  spaces: `{ spaces(first: 5) { totalCount nodes {
    ${selectionOf("Space", 0)} spaceAgents(first: 3) { totalCount nodes { ${things(selectionOf("SpaceAgent", 0))} startedAt } }
  } } }`,
};

const byThemselves = (agents: readonly string[], ids: readonly string[], spaces: readonly string[]) => [
  ...agents.map(
    (name) => `{ agent(name: "${name}") { ${selectionOf("Agent", 0)} responses { nodes { id status } } } }`,
  ),
  ...ids.map((id) => `{ response(id: "${id}") { ${selectionOf("Response", 0)} items(after: 0, first: 5) { raw } } }`),
  ...spaces.map((name) => `{ space(name: "${name}") { ${selectionOf("Space", 0)} } }`),
];

/** Everything that can be seen, through the memory. */
async function look() {
  const lists = Object.fromEntries(
    await Promise.all(Object.entries(documents).map(async ([name, document]) => [name, await gateway.data(document)])),
  );
  const agents: { name: string; responses: { nodes: { id: string }[] } }[] = lists.agents.agents.nodes;
  const ids = agents.flatMap((agent) => agent.responses.nodes.map(({ id }) => id));
  const spaces = lists.spaces.spaces.nodes.map(({ name }: { name: string }) => name);
  const names = agents.slice(0, 2).map(({ name }) => name);
  const single = await Promise.all(
    byThemselves(names, ids.slice(-2), spaces.slice(0, 2)).map((document) => gateway.graphql(document)),
  );
  return { lists, single };
}

type Seen = Awaited<ReturnType<typeof look>>;

/** The things that are there, the one at the place where there are several. */
function presentIn({ lists }: Seen, place: number, number: number, account: string): Present {
  const at = <T>(all: readonly T[]): T | undefined => all[place % Math.max(1, all.length)];
  const agent = at<{ name: string; responses: { nodes: readonly { id: string }[] } }>(lists["agents"].agents.nodes);
  const space = at<{ name: string; spaceAgents: { nodes: { name: string }[] } }>(lists["spaces"].spaces.nodes);
  return {
    agent: agent?.name ?? "gone",
    response: agent?.responses.nodes.at(-1)?.id ?? "gone",
    session: at<{ id: string }>(lists["sessions"].sessions.nodes)?.id ?? "gone",
    space: space?.name ?? "default",
    spaceAgent: space?.spaceAgents.nodes[0]?.name ?? "gone",
    account,
    number,
  };
}

/** Answers are given beside what settles: none may be under way while it is looked. */
async function allAnswered(): Promise<void> {
  const where = { status: "PROCESSING", engine: { not: "EXTERNAL" } } as const;
  await expect
    .poll(
      async () => {
        await gateway.settle();
        return gateway.gateway.store.response.count({ where });
      },
      { timeout: 10_000 },
    )
    .toBe(0);
  await gateway.settle();
}

/** Does the operations one after another; after each, all that is remembered must be what is read anew. */
async function doAll(drawn: readonly (readonly [name: string, way: number, place: number])[]): Promise<Set<string>> {
  const done = new Set<string>();
  const owner = await accountToken(gateway, "owner", "developer", "default");
  const { me } = await gateway.data(`{ me { account { id } } }`, {}, owner);
  let seen = await look();
  for (const [number, [name, way, place]] of drawn.entries()) {
    const ways = operations[name] ?? [];
    const asked = ways[way % ways.length]?.(presentIn(seen, place, number, me.account.id)) ?? "";
    const document = `mutation { ${asked} }`;
    const refused = async (token?: string) => (await gateway.graphql(document, {}, token)).errors !== undefined;
    // What the developer may not do, the administrator does.
    if (!(await refused(owner)) || !(await refused())) done.add(`${name} ${way % ways.length}`);
    await allAnswered();
    seen = await look();
    gateway.gateway.memory.forgetAll();
    expect({ asked, seen }).toEqual({ asked, seen: await look() });
  }
  return done;
}

const start = async () => {
  gateway = await startTestGateway({ env: { RAWORC_MAX_MUTATIONS_PER_MINUTE: "1000000" } });
};
const inOrder = (place: number) =>
  Object.entries(operations).flatMap(([name, ways]) => ways.map((_way, way) => [name, way, place] as const));
const making = inOrder(0).filter(([name]) => name.startsWith("create"));

describe("what is remembered is what a fresh read shows", () => {
  test("after every operation that changes something", { timeout: 120_000 }, async () => {
    await start();
    const done = await doAll([...making, ...inOrder(1), ...inOrder(0)]);
    const missed = inOrder(0)
      .map(([name, way]) => `${name} ${way}`)
      .filter((one) => !done.has(one));
    expect(missed).toEqual(["deploySpaceAgent 0"]); // there is no repository to build it from
  });

  test("after any operations in any order", { timeout: 240_000 }, async () => {
    const drawn = fc.tuple(fc.constantFrom(...Object.keys(operations)), fc.nat(5), fc.nat(3));
    await fc.assert(
      fc.asyncProperty(fc.array(drawn, { minLength: 8, maxLength: 16 }), async (steps) => {
        await gateway?.stop();
        await start();
        expect((await doAll([...making, ...steps])).size).toBeGreaterThan(0);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });

  test("after a session was restored with the image of a newer build", async () => {
    await start();
    const { store, newId, now } = gateway.gateway;
    const addBuild = (image: string) => {
      const times = { createdAt: now(), updatedAt: now() };
      return store.build.create({ data: { id: newId(), spaceName: "default", status: "COMPLETED", image, ...times } });
    };
    await addBuild("image:old");
    const { id } = await createSession(gateway);
    await orderSession(gateway, "closeSession", id);
    await gateway.settle();
    await gateway.clock.advance(1);
    await addBuild("image:new");
    await look();
    const hold = gateway.runtime.hold("ensureImage"); // a start forgets what is remembered of the computer
    await orderSession(gateway, "restoreSession", id);
    await hold.reached;
    const seen = await look();
    gateway.gateway.memory.forgetAll();
    const anew = await look();
    hold();
    expect(seen).toEqual(anew);
    expect(seen.lists["sessions"].sessions.nodes[0].computer.image).toBe("image:new");
  });

  test("for every mutation of the schema", async () => {
    await start();
    const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {});
    expect([...Object.keys(operations), ...others].toSorted()).toEqual(mutations.toSorted());
  });
});
