import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planOf, readsOf, slowSteps } from "../lists/plans.ts";
import { accountToken, createSpace, refusalOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const list = (args: string, fields = "nodes { name }", token?: string) =>
  gateway.data(`{ agents${args && `(${args})`} { ${fields} } }`, {}, token).then(({ agents }) => agents);
const names = async (args: string, token?: string): Promise<string[]> =>
  (await list(args, "nodes { name }", token)).nodes.map(({ name }: { name: string }) => name);

/** `a00` to `a29`, ten at each of three times; the even ones tagged, the last five with words in the description. */
const all = Array.from({ length: 30 }, (_each, place) => `a${String(place).padStart(2, "0")}`);

beforeAll(async () => {
  await createSpace(gateway, "lab");
  for (const [place, name] of all.entries()) {
    if (place === 10 || place === 20) await gateway.clock.advance(1);
    const input = {
      name,
      engine: "EXTERNAL",
      idleTimeoutSeconds: 86_400,
      space: place % 3 === 0 ? "lab" : "default",
      tags: place % 2 === 0 ? ["even", ...(place % 4 === 0 ? ["four"] : [])] : [],
      description: place >= 25 ? `100% Sure_${place}` : null,
    };
    await gateway.data(`mutation ($input: CreateAgentInput!) { createAgent(input: $input) { name } }`, { input });
  }
  await gateway.settle();
});

describe("listing agents", () => {
  test("gives them the oldest first, with how many there are", async () => {
    const { nodes, totalCount, pageInfo } = await list("", "nodes { name } totalCount pageInfo { hasNextPage }");
    expect(nodes.map(({ name }: { name: string }) => name)).toEqual(all);
    expect(totalCount).toBe(30);
    expect(pageInfo.hasNextPage).toBe(false);
  });

  test("filters by state", async () => {
    await gateway.data(`mutation { sleepAgent(name: "a03") { state } setAgentBusy(name: "a04") { state } }`);
    expect(await names("filter: { states: [SLEPT] }")).toEqual(["a03"]);
    expect(await names("filter: { states: [SLEPT, BUSY] }")).toEqual(["a03", "a04"]);
    expect(await names("filter: { states: [INIT] }")).toEqual([]);
    expect(await names("filter: { states: [] }")).toEqual([]);
  });

  test("filters by tags, all of which must match exactly", async () => {
    expect(await names(`filter: { tags: ["even"] }`)).toEqual(all.filter((_each, place) => place % 2 === 0));
    expect(await names(`filter: { tags: ["four", "even"] }`)).toEqual(all.filter((_each, place) => place % 4 === 0));
    expect(await names(`filter: { tags: ["eve"] }`)).toEqual([]);
    expect(await names(`filter: { tags: [] }`)).toEqual(all);
    expect(await refusalOf(gateway, `{ agents(filter: { tags: ["a b"] }) { totalCount } }`)).toMatchObject({
      field: "tags",
    });
  });

  test("takes %, _ and \\ in a search for what they are", async () => {
    const description = "yz% y_z y\\z";
    const input = { name: "odd", engine: "SHELL", description };
    await gateway.data(`mutation ($input: CreateAgentInput!) { createAgent(input: $input) { name } }`, { input });
    const found = async (q: string) => {
      const { agents } = await gateway.data(`query ($q: String!) { agents(filter: { q: $q }) { nodes { name } } }`, {
        q,
      });
      return agents.nodes.map(({ name }: { name: string }) => name);
    };
    expect(await Promise.all(["yz%", "Y_Z", "y\\z"].map(found))).toEqual([["odd"], ["odd"], ["odd"]]);
    expect(await Promise.all(["y%z%z", "y__z", "%%"].map(found))).toEqual([[], [], []]);
    await gateway.data(`mutation { deleteAgent(name: "odd") { name } }`);
  });

  test("finds words in name and description in any case of letters", async () => {
    expect(await names(`filter: { q: "A2" }`)).toEqual(all.slice(20));
    expect(await names(`filter: { q: "sure_2" }`)).toEqual(all.slice(25));
    expect(await names(`filter: { q: "100% s" }`)).toEqual(all.slice(25));
    expect(await names(`filter: { q: "" }`)).toEqual(all);
  });

  test("filters by space, and by everything at once", async () => {
    expect(await names(`filter: { space: "lab" }`)).toEqual(all.filter((_each, place) => place % 3 === 0));
    expect(await names(`filter: { space: "nowhere" }`)).toEqual([]);
    expect(await names(`filter: { space: "lab", tags: ["even"], q: "a1", states: [IDLE] }`)).toEqual(["a12", "a18"]);
  });

  test("walks through every page by cursor without a gap and without repeating, also among those of one moment", async () => {
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 20; page++) {
      const args = `first: 7${after ? `, after: "${after}"` : ""}`;
      const { edges, pageInfo } = await list(args, "edges { cursor node { name } } pageInfo { hasNextPage endCursor }");
      seen.push(...edges.map(({ node }: { node: { name: string } }) => node.name));
      expect(edges.at(-1).cursor).toBe(pageInfo.endCursor);
      after = pageInfo.endCursor;
      if (!pageInfo.hasNextPage) break;
    }
    expect(seen).toEqual(all);
  });

  test("a cursor keeps its place when those before it are deleted", async () => {
    await gateway.data(`mutation { createAgent(input: { name: "passing", engine: EXTERNAL }) { name } }`);
    const { edges } = await list("first: 12", "edges { cursor }");
    await gateway.data(`mutation { deleteAgent(name: "passing") { name } }`);
    expect(await names(`first: 3, after: "${edges[11].cursor}"`)).toEqual(["a12", "a13", "a14"]);
    expect(await names(`first: 2, offset: 1, after: "${edges[11].cursor}"`)).toEqual(["a13", "a14"]);
  });

  test("passes over an offset", async () => {
    expect(await names("first: 3, offset: 27")).toEqual(["a27", "a28", "a29"]);
    expect(await names("offset: 30")).toEqual([]);
    const { nodes, totalCount, pageInfo } = await list(
      "first: 0, offset: 2",
      "nodes { name } totalCount pageInfo { hasNextPage hasPreviousPage }",
    );
    expect({ nodes, totalCount, pageInfo }).toEqual({
      nodes: [],
      totalCount: 30,
      pageInfo: { hasNextPage: true, hasPreviousPage: true },
    });
  });

  test.each([
    ["first", "first: -1"],
    ["first", "first: 1001"],
    ["offset", "offset: -1"],
    ["after", `after: "nonsense"`],
    ["after", `after: ""`],
  ])("names %s for a bad one: %s", async (field, args) => {
    const refusal = await refusalOf(gateway, `{ agents(${args}) { nodes { name } } }`);
    expect(refusal).toMatchObject({ code: "BAD_USER_INPUT", field });
  });

  test.each([
    ["a name", `{ agent(name: "a\\u0000b") { name } }`],
    ["the name of a space", `{ agents(filter: { space: "a\\u0000b" }) { nodes { name } } }`],
    ["an id", `{ response(id: "a\\u0000b") { id } }`],
    ["the name of an account", `mutation { login(user: "a\\u0000b", password: "x") { token } }`],
  ])("takes NUL in %s for no failure of its own", async (_what, document) => {
    const { errors = [] } = await gateway.graphql(document);
    for (const { extensions } of errors) expect(["BAD_USER_INPUT", "NOT_FOUND"]).toContain(extensions?.["code"]);
  });

  test("shows everyone only what they may list: their spaces' agents and their own", async () => {
    const member = await accountToken(gateway, "member", "developer", "lab");
    const nobody = await accountToken(gateway, "nobody");
    expect(await names("", member)).toEqual(all.filter((_each, place) => place % 3 === 0));
    expect(await names("", nobody)).toEqual([]);
    expect((await list("", "totalCount", member)).totalCount).toBe(10);
    expect(await refusalOf(gateway, `{ agent(name: "a01") { name } }`, {}, member)).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await refusalOf(gateway, `{ agents { totalCount } }`, {}, null)).toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("the number of queries", () => {
  const everything = `nodes {
    name createdBy { user } parent { name } secretNames network image runtime { totalSeconds }
    computer { phase } responses(first: 5) { totalCount nodes { status output { items { type } } } }
  } totalCount`;

  /** With nothing remembered; the fewest of three times, for what the caller may do is read anew now and then. */
  const queriesOf = async (args: string, fields: string) => {
    const tries = [];
    for (let time = 0; time < 3; time++) {
      gateway.gateway.memory.forgetAll();
      tries.push(await readsOf(() => list(args, fields)));
    }
    return tries.reduce((fewest, one) => (one.length < fewest.length ? one : fewest));
  };

  test("does not grow with the length of the page, however nested the selection", async () => {
    for (const name of all.slice(0, 20)) {
      await gateway.data(`mutation { createResponse(agent: "${name}", input: { text: "hi" }) { id } }`);
    }
    await gateway.settle();
    expect(await queriesOf("first: 20", everything)).toHaveLength((await queriesOf("first: 2", everything)).length);
    const plain = await queriesOf("first: 20", "nodes { name state tags }");
    expect(plain.filter(({ sql }) => /"?Agent"?\b/.test(sql))).toHaveLength(1);
  });

  test("a deep page costs what the first costs", async () => {
    const { pageInfo } = await list("first: 20", "pageInfo { endCursor }");
    const [page] = (await queriesOf(`first: 5, after: "${pageInfo.endCursor}"`, "nodes { name }")).slice(-1);
    const plan = page ? await planOf(gateway, page) : [];
    expect(plan.join("\n")).toMatch(/Agent_createdAt_id_idx/);
    expect(slowSteps(plan)).toEqual([]);
  });
});
