import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  accountToken,
  agentNamed,
  answerOf,
  createAgent,
  createSpace,
  endOf,
  order,
  refusalOf,
  responsesOf,
} from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const document = `mutation ($name: ID!, $input: RemixAgentInput!) { remixAgent(name: $name, input: $input) { name } }`;
const remix = async (name: string, input: object, token?: string) => {
  await gateway.data(document, { name, input }, token);
  await gateway.settle();
};
const refused = (name: string, input: object, token?: string) => refusalOf(gateway, document, { name, input }, token);
const outputOf = async (name: string, command: string) => (await answerOf(gateway, name, command)).output.text;
/** What stands where, and which secrets are there. */
const look = "cat code/f content/f 2>/dev/null; echo $OWN $SHARED";

beforeAll(async () => {
  await createSpace(gateway, "lab", { SHARED: "of-the-space", OWN: "space-loses" });
  await createAgent(gateway, "parent", {
    space: "lab",
    description: "the first",
    tags: ["kept"],
    metadata: { a: 1 },
    instructions: "Be kind.",
    setup: "mkdir -p code content; echo code > code/f; echo content > content/f",
    secrets: { OWN: "own-wins" },
    idleTimeoutSeconds: 86_400,
    busyTimeoutSeconds: 77,
  });
});

describe("remixing an agent", () => {
  test("copies files, instructions, secrets and settings into an agent of the caller's, and leaves the parent be", async () => {
    await remix("PARENT", { name: "child", prompt: look });
    const [{ id }] = await responsesOf(gateway, "child");
    expect((await endOf(gateway, id)).output.text).toBe("code\ncontent\nown-wins of-the-space\n");
    expect(await outputOf("child", "cat code/instructions.md")).toBe("Be kind.");
    expect(await agentNamed(gateway, "child")).toMatchObject({
      parentName: "parent",
      space: "lab",
      description: "the first",
      tags: ["kept"],
      metadata: { a: 1 },
      secretNames: ["OWN"],
      busyTimeoutSeconds: 77,
      setupStatus: "DONE",
    });
    await outputOf("child", "echo changed > content/f");
    expect(await outputOf("parent", "cat content/f")).toBe("content\n");
  });

  test.each([
    ["code", "content\nown-wins of-the-space\n"],
    ["content", "code\nown-wins of-the-space\n"],
    ["secrets", "code\ncontent\nspace-loses of-the-space\n"],
  ])("leaves out %s when told to", async (part, expected) => {
    // The set-up would make the missing part again, so the parent is one whose files were made by hand.
    await createAgent(gateway, `plain-${part}`, { space: "lab", secrets: { OWN: "own-wins" } });
    await outputOf(`plain-${part}`, "mkdir -p code content; echo code > code/f; echo content > content/f");
    await remix(`plain-${part}`, { name: `without-${part}`, [part]: false });
    expect(await outputOf(`without-${part}`, look)).toBe(expected);
  });

  test("replaces the metadata when told to, and chooses the engine by it", async () => {
    await remix("parent", { name: "other-engine", metadata: { engine: "external" } });
    expect(await agentNamed(gateway, "other-engine")).toMatchObject({
      engine: "EXTERNAL",
      metadata: { engine: "external" },
    });
  });

  test("a set-up whose files were not all copied runs again in the child", async () => {
    await remix("parent", { name: "set-up-again", content: false });
    expect(await outputOf("set-up-again", "cat content/f")).toBe("content\n");
  });

  test("of a sleeping parent does not wake it", async () => {
    await createAgent(gateway, "dreamer");
    await outputOf("dreamer", "echo dream > dream.txt");
    await order(gateway, "sleepAgent", "dreamer");
    await gateway.clock.advance(61);
    await remix("dreamer", { name: "interpreter" });
    expect(await outputOf("interpreter", "cat dream.txt")).toBe("dream\n");
    expect(await agentNamed(gateway, "dreamer")).toMatchObject({ state: "SLEPT", computer: { phase: "STOPPED" } });
  });

  test("of a remix that is still being copied gets all of its files", async () => {
    const hold = gateway.runtime.hold("copyVolume");
    onTestFinished(hold);
    await gateway.data(document, { name: "parent", input: { name: "middle" } });
    await hold.reached;
    await gateway.data(document, { name: "middle", input: { name: "last" } });
    await gateway.data(`mutation { deleteAgent(name: "middle") { name } }`);
    hold();
    expect(await outputOf("last", look)).toBe("code\ncontent\nown-wins of-the-space\n");
  });

  test("keeps its lineage when the parent is deleted, and its files though the copy had not begun", async () => {
    await createAgent(gateway, "ancestor");
    await outputOf("ancestor", "echo old > old.txt");
    gateway.runtime.away(true);
    await gateway.data(document, { name: "ancestor", input: { name: "heir" } });
    await gateway.data(`mutation { deleteAgent(name: "ancestor") { name } }`);
    gateway.runtime.away(false);
    expect(await outputOf("heir", "cat old.txt")).toBe("old\n");
    const { agent } = await gateway.data(`{ agent(name: "heir") { parentName parent { name } } }`);
    expect(agent).toEqual({ parentName: "ancestor", parent: null });
  });

  test.each([
    ["name", { name: "no good" }],
    ["metadata", { name: "fine", metadata: [] }],
    ["metadata.engine", { name: "fine", metadata: { engine: "none" } }],
    ["prompt", { name: "fine", prompt: "\0" }],
  ])("names %s for a bad one", async (field, input) => {
    expect(await refused("parent", input)).toMatchObject({ code: "BAD_USER_INPUT", field });
    expect(await refusalOf(gateway, `{ agent(name: "fine") { name } }`)).toMatchObject({ code: "NOT_FOUND" });
  });

  test("needs the right to ask it: who may only read it has no way to its files and secrets elsewhere", async () => {
    await createSpace(gateway, "mine");
    await gateway.data(`mutation { createRole(input: {
      name: "agent-reader", rules: [{ resources: ["agents"], verbs: ["get", "list"] }]
    }) { name } }`);
    const reader = await accountToken(gateway, "reads", "agent-reader", "lab");
    await gateway.data(
      `mutation { createRoleBinding(input: { subject: "reads", role: "developer", space: "mine" }) { id } }`,
    );
    expect(await refused("parent", { name: "stolen", space: "mine" }, reader)).toMatchObject({ code: "FORBIDDEN" });
  });

  test("refuses a taken name, an unknown parent and an unknown space", async () => {
    expect(await refused("parent", { name: "PARENT" })).toMatchObject({ code: "CONFLICT" });
    expect(await refused("nobody", { name: "fine" })).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused("parent", { name: "fine", space: "nowhere" })).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a published agent", () => {
  let stranger: string;
  beforeAll(async () => {
    stranger = await accountToken(gateway, "stranger");
    await createAgent(gateway, "shown", { space: "lab", secrets: { OWN: "own-wins" }, network: "EGRESS" });
    await outputOf("shown", "mkdir -p code content; echo code > code/f; echo content > content/f");
  });
  const publish = (permissions: string) => order(gateway, "publishAgent", "shown", `permissions: ${permissions}`);

  test("is shown to everyone in the catalogue, without a token, until it is unpublished", async () => {
    expect(await publish("{ secrets: false }")).toMatchObject({
      isPublished: true,
      publishedBy: "admin",
      publishedAt: gateway.gateway.now().toISOString(),
      publishPermissions: { code: true, secrets: false, content: true },
    });
    const catalogue = `{ publishedAgents { totalCount nodes { name secretNames setupOutput } } publishedAgent(name: "Shown") { name } }`;
    const { publishedAgents, publishedAgent } = await gateway.data(catalogue, {}, null);
    expect(publishedAgents).toEqual({ totalCount: 1, nodes: [{ name: "shown", secretNames: [], setupOutput: null }] });
    expect(publishedAgent).toEqual({ name: "shown" });
    expect(await order(gateway, "unpublishAgent", "shown")).toMatchObject({
      isPublished: false,
      publishedAt: null,
      publishedBy: null,
    });
    expect(await refusalOf(gateway, `{ publishedAgent(name: "shown") { name } }`, {}, null)).toMatchObject({
      code: "NOT_FOUND",
    });
    expect((await gateway.data(`{ publishedAgents { nodes { name } } }`, {}, null)).publishedAgents.nodes).toEqual([]);
  });

  test("hides its responses from those who have no right to it", async () => {
    await publish("{}");
    const asked = `{ publishedAgent(name: "shown") { responses { totalCount nodes { id } } } }`;
    expect((await gateway.data(asked, {}, stranger)).publishedAgent.responses).toEqual({ totalCount: 0, nodes: [] });
    expect((await gateway.data(asked, {}, null)).publishedAgent.responses).toEqual({ totalCount: 0, nodes: [] });
  });

  test("gives a stranger the permitted parts: a part asked for is FORBIDDEN, one left unsaid is left out", async () => {
    await publish("{ secrets: false, content: false }");
    expect(await refused("shown", { name: "greedy", secrets: true }, stranger)).toMatchObject({
      code: "FORBIDDEN",
      field: "secrets",
    });
    await remix("shown", { name: "modest" }, stranger);
    expect(await agentNamed(gateway, "modest")).toMatchObject({ secretNames: [], createdByName: "stranger" });
    expect(await outputOf("modest", look)).toBe("code\n\n");
  });

  test("gives a stranger neither the secrets of the space nor a network", async () => {
    await publish("{}");
    await remix("shown", { name: "outsider" }, stranger);
    expect(await outputOf("outsider", look)).toBe("code\ncontent\nown-wins\n");
    expect(await agentNamed(gateway, "outsider")).toMatchObject({ network: "NONE" });
    const online = { name: "online", metadata: { network: "egress" } };
    expect(await refused("shown", online, stranger)).toMatchObject({ code: "FORBIDDEN" });
    await remix("outsider", { name: "outsider2" }, stranger);
    expect(await outputOf("outsider2", "echo $SHARED")).toBe("\n");
  });

  test("gives members of its space all of it, whatever is published", async () => {
    await publish("{ code: false, secrets: false, content: false }");
    await remix("shown", { name: "inside" }, await accountToken(gateway, "member", "developer", "lab"));
    expect(await outputOf("inside", look)).toBe("code\ncontent\nown-wins of-the-space\n");
  });

  test("that is unpublished cannot be remixed by strangers any more; what they have made stays", async () => {
    await order(gateway, "unpublishAgent", "shown");
    expect(await refused("shown", { name: "late" }, stranger)).toMatchObject({ code: "NOT_FOUND" });
    const { agent } = await gateway.data(
      `{ agent(name: "outsider") { name parentName parent { name } } }`,
      {},
      stranger,
    );
    expect(agent).toEqual({ name: "outsider", parentName: "shown", parent: null });
  });

  test("can be changed only by those who may update it", async () => {
    await publish("{}");
    for (const mutation of ["publishAgent", "unpublishAgent", "sleepAgent", "deleteAgent"]) {
      const refusal = await refusalOf(gateway, `mutation { ${mutation}(name: "shown") { name } }`, {}, stranger);
      expect(refusal).toMatchObject({ code: "FORBIDDEN" });
    }
  });
});

describe("the remixes of an agent", () => {
  const query = `query ($name: ID!, $first: Int, $after: String) {
    agent(name: $name) { remixes(first: $first, after: $after) { totalCount nodes { name } pageInfo { endCursor } } }
  }`;
  const remixesOf = async (variables: object, token?: string) =>
    (await gateway.data(query, { name: "ancestor", ...variables }, token)).agent.remixes;
  const named = (...names: readonly string[]) => names.map((name) => ({ name }));
  let member: string;

  beforeAll(async () => {
    await createSpace(gateway, "nursery");
    await createAgent(gateway, "ancestor", { space: "nursery" });
    await gateway.data(`mutation { publishAgent(name: "ancestor") { id } }`);
    member = await accountToken(gateway, "nurse", "developer", "nursery");
    await remix("ancestor", { name: "descendant1" });
    await gateway.clock.advance(1);
    await remix("ancestor", { name: "descendant2", space: "default" });
    await gateway.clock.advance(1);
    await remix("ancestor", { name: "descendant3" }, member);
  });

  test("are listed page by page, the oldest first", async () => {
    const first = await remixesOf({ first: 2 });
    expect(first).toMatchObject({ totalCount: 3, nodes: named("descendant1", "descendant2") });
    const rest = await remixesOf({ after: first.pageInfo.endCursor });
    expect(rest).toMatchObject({ totalCount: 3, nodes: named("descendant3") });
    expect((await gateway.data(query, { name: "descendant1" })).agent.remixes.totalCount).toBe(0);
  });

  test("are shown as far as the caller may list them", async () => {
    const shown = await remixesOf({}, member);
    expect(shown).toMatchObject({ totalCount: 2, nodes: named("descendant1", "descendant3") });
    const rest = await remixesOf(
      { first: 1, after: (await remixesOf({ first: 1 }, member)).pageInfo.endCursor },
      member,
    );
    expect(rest.nodes).toEqual(named("descendant3"));
    const nobody = `{ publishedAgent(name: "ancestor") { remixes { totalCount nodes { name } } } }`;
    expect((await gateway.data(nobody, {}, null)).publishedAgent.remixes).toEqual({ totalCount: 0, nodes: [] });
  });
});
