import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAgent as insertAgentNamed } from "../../src/domain/agents/create.ts";
import { deleteSpace } from "../../src/domain/spaces/service.ts";
import { accountToken, agentNamed, ask, createAgent, refusalOf, storyOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const spaceFields = "name description settings active createdAt updatedAt";
const make = async (name: string, more: object = {}, token?: string) =>
  (
    await gateway.data(
      `mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { ${spaceFields} } }`,
      { input: { name, ...more } },
      token,
    )
  ).createSpace;
const update = `mutation ($name: ID!, $input: UpdateSpaceInput!) {
  updateSpace(name: $name, input: $input) { ${spaceFields} }
}`;
const change = async (name: string, input: object) => (await gateway.data(update, { name, input })).updateSpace;
const deletion = `mutation ($name: ID!) { deleteSpace(name: $name) { name } }`;
const namesOf = async (filter: string, token?: string) =>
  (await gateway.data(`{ spaces${filter} { nodes { name } totalCount } }`, {}, token)).spaces;
const eventsOf = async (stream: string) =>
  (await gateway.gateway.store.event.findMany({ where: { stream }, orderBy: { seq: "asc" } })).map(({ type }) => type);

describe("a space", () => {
  test("is made, read, changed and deleted, each with its event", async () => {
    const settings = { environment: "staging" };
    const made = await make("whole", { description: "All of it", settings });
    expect(made).toMatchObject({ name: "whole", description: "All of it", settings, active: true });
    await gateway.clock.advance(5);
    expect(await change("whole", { description: null })).toMatchObject({ description: null, settings, active: true });
    const { space } = await gateway.data(`{ space(name: "whole") { ${spaceFields} } }`);
    expect(space.updatedAt > space.createdAt).toBe(true);
    expect((await gateway.data(deletion, { name: "whole" })).deleteSpace).toEqual({ name: "whole" });
    expect(await refusalOf(gateway, `{ space(name: "whole") { name } }`)).toMatchObject({ code: "NOT_FOUND" });
    expect(await eventsOf("space:whole")).toEqual(["space.created", "space.changed", "space.deleted"]);
  });

  test.each(["", "-a", "a-", "A", "a b", "a--b", "a/b", "ä", "a".repeat(64)])("cannot be called %j", async (name) => {
    await expect(make(name)).rejects.toThrow(/"name" must be/);
  });

  test.each(["a", "0", "my-project", "my_project-2", "a".repeat(63)])("can be called %j", async (name) => {
    expect(await make(name)).toMatchObject({ name });
    await gateway.data(deletion, { name });
  });

  test("has a name of its own", async () => {
    const input = { name: "default" };
    const document = `mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { name } }`;
    expect(await refusalOf(gateway, document, { input })).toMatchObject({ code: "CONFLICT", field: "name" });
  });

  test("called default is always there", async () => {
    expect(await refusalOf(gateway, deletion, { name: "default" })).toMatchObject({ code: "CONFLICT" });
    expect(await gateway.data(`{ space(name: "default") { description } }`)).toEqual({
      space: { description: "Default space" },
    });
  });
});

describe("who may do what with spaces", () => {
  let tokens: Record<"operator" | "member" | "stranger", string>;
  beforeAll(async () => {
    await make("theirs");
    tokens = {
      operator: await accountToken(gateway, "op", "operator"),
      member: await accountToken(gateway, "member", "developer", "theirs"),
      stranger: await accountToken(gateway, "stranger"),
    };
  });

  test("only administrators make, change and delete them", async () => {
    for (const token of Object.values(tokens)) {
      await expect(make("another", {}, token)).rejects.toThrow("spaces:create");
    }
    for (const token of [tokens.operator, tokens.member]) {
      expect(await refusalOf(gateway, update, { name: "theirs", input: {} }, token)).toEqual({ code: "FORBIDDEN" });
      expect(await refusalOf(gateway, deletion, { name: "theirs" }, token)).toEqual({ code: "FORBIDDEN" });
    }
  });

  test("those without a role there get the same answer as for a missing one", async () => {
    for (const document of [`query ($name: ID!) { space(name: $name) { name } }`, deletion]) {
      const hidden = await gateway.graphql(document, { name: "theirs" }, tokens.stranger);
      const missing = await gateway.graphql(document, { name: "nowhere" }, tokens.stranger);
      expect(hidden.errors?.[0]?.extensions.code).toBe("NOT_FOUND");
      expect(JSON.stringify(hidden)).toBe(JSON.stringify(missing).replace("nowhere", "theirs"));
    }
    expect(await refusalOf(gateway, deletion, { name: "nowhere" }, tokens.operator)).toEqual({ code: "NOT_FOUND" });
    expect(await refusalOf(gateway, deletion, { name: "theirs" }, null)).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("lists show those that the caller may see, and those alone", async () => {
    const all = (await namesOf("")).nodes.map(({ name }: { name: string }) => name);
    expect((await namesOf("", tokens.operator)).nodes.map(({ name }: { name: string }) => name)).toEqual(all);
    expect(await namesOf("", tokens.member)).toEqual({ nodes: [{ name: "theirs" }], totalCount: 1 });
    expect(await namesOf("", tokens.stranger)).toEqual({ nodes: [], totalCount: 0 });
  });
});

describe("a list of spaces", () => {
  test("is paged by cursors, also among spaces of the same moment, and filtered", async () => {
    for (const name of ["page-a", "page-b", "page-c"]) await make(name, { active: name === "page-b" });
    const names: string[] = [];
    for (let after: string | null = null; ; ) {
      const page = `query ($after: String) { spaces(first: 1, after: $after) {
        nodes { name } pageInfo { hasNextPage endCursor } } }`;
      const { spaces } = await gateway.data(page, { after });
      names.push(...spaces.nodes.map(({ name }: { name: string }) => name));
      if (!spaces.pageInfo.hasNextPage) break;
      after = spaces.pageInfo.endCursor;
    }
    expect(names.filter((name) => name.startsWith("page-"))).toEqual(["page-a", "page-b", "page-c"]);
    expect(new Set(names).size).toBe((await namesOf("")).totalCount);
    expect(await namesOf("(filter: { active: false })")).toEqual({
      nodes: [{ name: "page-a" }, { name: "page-c" }],
      totalCount: 2,
    });
  });
});

describe("an inactive space", () => {
  test("starts nothing new, while what runs in it goes on", async () => {
    await make("closed");
    await createAgent(gateway, "before", { space: "closed" });
    await change("closed", { active: false });
    await expect(createAgent(gateway, "after", { space: "closed" })).rejects.toThrow("is not active");
    expect((await ask(gateway, "before", "echo on", { wait: true })).output.text).toBe("on\n");
    await change("closed", { active: true });
    expect(await createAgent(gateway, "after", { space: "closed" })).toMatchObject({ space: "closed" });
  });
});

describe("settings of a space", () => {
  const known = {
    image: "of/space:1",
    network: "egress",
    engine: "external",
    idleTimeoutSeconds: 7,
    busyTimeoutSeconds: 8,
  };

  test("are what its new agents get, unless they say otherwise", async () => {
    await make("set", { settings: { ...known, free: { of: ["any", "form"] } } });
    const document = `mutation ($input: CreateAgentInput!) {
      createAgent(input: $input) { image network engine idleTimeoutSeconds busyTimeoutSeconds }
    }`;
    const agent = async (name: string, more: object = {}) =>
      (await gateway.data(document, { input: { name, space: "set", ...more } })).createAgent;
    expect(await agent("set-by-space")).toEqual({ ...known, network: "EGRESS", engine: "EXTERNAL" });
    const own = { image: "own:1", network: "NONE", engine: "SHELL", idleTimeoutSeconds: 70, busyTimeoutSeconds: 80 };
    expect(await agent("set-by-itself", own)).toEqual(own);
  });

  test("limit the computers made in it, and those of no other", async () => {
    await make("narrow", { settings: { memoryMb: 64, cpus: 0.5, pids: 32 } });
    const document = `mutation ($input: CreateAgentInput!) {
      createAgent(input: $input) { computer { id limits { memoryBytes cpus pids } } }
    }`;
    const computerOf = async (name: string, space: string) =>
      (await gateway.data(document, { input: { name, space } })).createAgent.computer;
    const narrow = await computerOf("narrow-agent", "narrow");
    expect(narrow.limits).toEqual({ memoryBytes: 64 * 1_048_576, cpus: 0.5, pids: 32 });
    await gateway.settle();
    expect(gateway.runtime.specOf(`raworc-${narrow.id}-g1`).limits).toEqual(narrow.limits);
    const { limits } = await computerOf("usual-agent", "default");
    expect(limits).toEqual(gateway.config.computerLimits);
  });

  test.each([
    [
      "maxAgents",
      `mutation ($space: ID!, $n: String!) { createAgent(input: { space: $space, name: $n }) { name } }`,
      `mutation ($space: ID!, $n: String!) { remixAgent(name: "full-0", input: { space: $space, name: $n }) { name } }`,
    ],
    ["maxSessions", `mutation ($space: ID!) { createSession(input: { space: $space }) { id } }`],
    [
      "maxSpaceAgents",
      `mutation ($space: ID!, $n: String!) {
        createSpaceAgent(input: { space: $space, name: $n, sourceRepo: "nobody/nothing" }) { name }
      }`,
    ],
  ])("%s limits how many there may be", async (quota, create, copy = create) => {
    const space = quota.toLowerCase();
    await make(space, { settings: { [quota]: 1 } });
    await gateway.data(create, { space, n: "full-0" });
    for (const document of [create, copy]) {
      const { errors } = await gateway.graphql(document, { space, n: "full-1" });
      expect(errors?.[0]).toMatchObject({
        message: `Space "${space}" is full: its setting "${quota}" is 1`,
        extensions: { code: "CONFLICT" },
      });
    }
    await gateway.data(update, { name: space, input: { settings: { [quota]: 2 } } });
    expect((await gateway.graphql(create, { space, n: "full-2" })).errors).toBeUndefined();
  });

  test.each([
    ["memoryMb", 1],
    ["cpus", "all"],
    ["pids", 3],
    ["maxAgents", -1],
    ["maxSessions", 1.5],
    ["image", 7],
    ["image", "-rm"],
    ["image", "14"],
    ["image", "raworc_space_other:build-1"],
    ["network", "everything"],
    ["engine", "HANDLER"],
    ["idleTimeoutSeconds", 0],
    ["busyTimeoutSeconds", "8"],
    ["busyTimeoutSeconds", 1.5],
  ])("refuse %s to be %j", async (key, value) => {
    const refusal = await refusalOf(gateway, update, { name: "default", input: { settings: { [key]: value } } });
    expect(refusal).toEqual({ code: "BAD_USER_INPUT", field: `settings.${key}` });
  });

  test.each([["text"], [["a"]], [{ text: "\0" }]])("refuse to be %j", async (settings) => {
    const refusal = await refusalOf(gateway, update, { name: "default", input: { settings } });
    expect(refusal).toEqual({ code: "BAD_USER_INPUT", field: "settings" });
  });
});

describe("deleting a space", () => {
  test("removes everything in it at once, and its containers and volumes when the engine is back", async () => {
    const { store } = gateway.gateway;
    await make("doomed");
    const token = await accountToken(gateway, "tenant", "operator", "doomed");
    for (const name of ["doomed-one", "doomed-two"]) {
      await createAgent(gateway, name, { space: "doomed", engine: "EXTERNAL", secrets: { OWN: "x" } });
    }
    const secret = `mutation { createSecret(input: { space: "doomed", key: "SHARED", value: "x" }) { key } }`;
    await gateway.data(secret);
    const { id } = await ask(gateway, "doomed-one", "never answered");
    const { computer } = await agentNamed(gateway, "doomed-one");
    gateway.runtime.away(true);

    await gateway.data(deletion, { name: "doomed" });

    expect(await storyOf(gateway, id)).toContain("FAILED AGENT_DELETED");
    expect(await store.agent.count({ where: { spaceName: "doomed" } })).toBe(0);
    expect(await store.secret.count({ where: { space: "doomed" } })).toBe(0);
    expect(await store.roleBinding.count({ where: { space: "doomed" } })).toBe(0);
    expect(await store.computer.findUnique({ where: { id: computer.id } })).toMatchObject({ desired: "ABSENT" });
    expect(await eventsOf("secret:doomed/SHARED")).toEqual(["secret.created", "secret.deleted"]);
    expect(await namesOf("", token)).toEqual({ nodes: [], totalCount: 0 });

    gateway.runtime.away(false);
    await gateway.clock.advance(120);
    expect(await store.computer.count({ where: { space: "doomed" } })).toBe(0);
    expect(JSON.stringify(await gateway.runtime.list())).not.toContain(computer.id);
  });

  test("leaves nothing for the next space of the same name", async () => {
    await make("again");
    const token = await accountToken(gateway, "old-tenant", "operator", "again");
    await gateway.data(`mutation { createSecret(input: { space: "again", key: "OLD", value: "x" }) { key } }`);
    await gateway.data(deletion, { name: "again" });
    await make("again");
    expect((await gateway.data(`{ secrets(space: "again") { totalCount } }`)).secrets.totalCount).toBe(0);
    expect(await refusalOf(gateway, `{ space(name: "again") { name } }`, {}, token)).toEqual({ code: "NOT_FOUND" });
  });

  test("while agents are being made in it leaves none of them behind", async () => {
    await make("busy");
    const creator = { id: null, user: "admin" };
    const makeAgents = Array.from({ length: 10 }, (_, index) =>
      insertAgentNamed(gateway.gateway, creator, { name: `busy-${index}`, space: "busy" }).catch(() => null),
    );
    await Promise.all([...makeAgents, deleteSpace(gateway.gateway, "busy")]);
    expect(await gateway.gateway.store.agent.count({ where: { spaceName: "busy" } })).toBe(0);
  });

  test("changes nothing when a part of it fails", async () => {
    await make("kept");
    await createAgent(gateway, "kept-agent", { space: "kept" });
    const failing = { to: ["space.deleted"], react: () => Promise.reject(new Error("no")) };
    const { reactions } = gateway.gateway;
    await expect(deleteSpace({ ...gateway.gateway, reactions: [...reactions, failing] }, "kept")).rejects.toThrow("no");
    expect(await agentNamed(gateway, "kept-agent")).toMatchObject({ state: "IDLE" });
    expect(await eventsOf("space:kept")).toEqual(["space.created"]);
    expect(await gateway.data(`{ space(name: "kept") { name } }`)).toEqual({ space: { name: "kept" } });
  });
});
