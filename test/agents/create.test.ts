import { afterAll, describe, expect, test } from "vitest";
import { accountToken, agentNamed, createAgent, createSpace, refusalOf, responsesOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const create = `mutation ($input: CreateAgentInput!) { createAgent(input: $input) { name } }`;
const count = () =>
  gateway.gateway.store.$transaction([
    gateway.gateway.store.agent.count(),
    gateway.gateway.store.computer.count(),
    gateway.gateway.store.secret.count(),
    gateway.gateway.store.agentTag.count(),
    gateway.gateway.store.event.count(),
  ]);

describe("creating an agent", () => {
  test("answers at once with INIT and what document C shows for a new agent", async () => {
    const agent = await createAgent(gateway, "demo", { description: "Demo agent" });
    expect(agent).toMatchObject({
      name: "demo",
      space: "default",
      createdByName: "admin",
      state: "INIT",
      description: "Demo agent",
      parentName: null,
      lastActivityAt: null,
      metadata: {},
      tags: [],
      isPublished: false,
      publishedAt: null,
      publishedBy: null,
      publishPermissions: { code: true, secrets: true, content: true },
      idleTimeoutSeconds: 300,
      busyTimeoutSeconds: 900,
      idleFrom: null,
      busyFrom: null,
      network: "NONE",
      image: "raworc/agent:1",
    });
  });

  test("makes it IDLE once its computer runs, and the idle time counts from there", async () => {
    await createAgent(gateway, "ready");
    expect(await agentNamed(gateway, "ready")).toMatchObject({
      state: "IDLE",
      idleFrom: "2026-01-01T00:00:00.000Z",
      sleepsAt: "2026-01-01T00:05:00.000Z",
      computer: { phase: "RUNNING", generation: 1 },
    });
  });

  test("keeps every field, and shows no private one", async () => {
    await createSpace(gateway, "lab");
    const agent = await createAgent(gateway, "Full-1", {
      space: "lab",
      description: "everything",
      metadata: { deep: { list: [1, null] } },
      tags: ["b", "a1", "b"],
      secrets: { TOKEN: "s3cret", EMPTY: "" },
      instructions: "Be kind.",
      setup: "true",
      idleTimeoutSeconds: 1,
      busyTimeoutSeconds: 2_592_000,
      engine: "EXTERNAL",
      network: "EGRESS",
      image: "other:2",
    });
    expect(agent).toMatchObject({
      name: "Full-1",
      space: "lab",
      metadata: { deep: { list: [1, null] } },
      tags: ["b", "a1", "b"],
      secretNames: ["EMPTY", "TOKEN"],
      idleTimeoutSeconds: 1,
      busyTimeoutSeconds: 2_592_000,
      engine: "EXTERNAL",
      network: "EGRESS",
      image: "other:2",
    });
    const { __type } = await gateway.data(`{ __type(name: "Agent") { fields { name } } }`);
    const fields = __type.fields.map(({ name }: { name: string }) => name);
    for (const field of ["secrets", "instructions", "setup", "prompt"]) expect(fields).not.toContain(field);
  });

  test("lets metadata choose engine and network, as REST does", async () => {
    const metadata = { engine: "shell", network: "egress" };
    const agent = await createAgent(gateway, "by-metadata", { engine: null, metadata });
    expect(agent).toMatchObject({ engine: "SHELL", network: "EGRESS", metadata });
  });

  test("makes its prompt the first response", async () => {
    await createAgent(gateway, "prompted", { prompt: "echo hello", engine: "EXTERNAL" });
    expect(await responsesOf(gateway, "prompted")).toMatchObject([
      { status: "PENDING", input: { text: "echo hello" }, createdBy: "admin" },
    ]);
  });

  test.each([
    ["name", { name: "" }],
    ["name", { name: "a" }],
    ["name", { name: "1st" }],
    ["name", { name: "-a" }],
    ["name", { name: "a-" }],
    ["name", { name: "a_b" }],
    ["name", { name: "é1" }],
    ["name", { name: "a".repeat(64) }],
    ["name", { name: "good\n" }],
    ["tags", { tags: ["no spaces"] }],
    ["tags", { tags: [""] }],
    ["tags", { tags: ["a".repeat(65)] }],
    ["tags", { tags: Array.from({ length: 101 }, (_each, place) => `t${place}`) }],
    ["metadata", { metadata: [] }],
    ["metadata", { metadata: "text" }],
    ["metadata.engine", { metadata: { engine: "handler" } }],
    ["metadata.engine", { metadata: { engine: 7 } }],
    ["metadata.network", { metadata: { network: "wide" } }],
    ["secrets", { secrets: ["a"] }],
    ["secrets", { secrets: "a" }],
    ["secrets", { secrets: { KEY: 1 } }],
    ["secrets", { secrets: { KEY: null } }],
    ["secrets", { secrets: { "NOT-A-NAME": "x" } }],
    ["secrets", { secrets: { "1ST": "x" } }],
    ["secrets", { secrets: { KEY: "a\0b" } }],
    ["secrets", { secrets: { KEY: "x".repeat(65_537) } }],
    ["idleTimeoutSeconds", { idleTimeoutSeconds: 0 }],
    ["idleTimeoutSeconds", { idleTimeoutSeconds: -1 }],
    ["idleTimeoutSeconds", { idleTimeoutSeconds: 2_592_001 }],
    ["busyTimeoutSeconds", { busyTimeoutSeconds: 0 }],
    ["engine", { engine: "HANDLER" }],
    ["description", { description: "a\0b" }],
    ["instructions", { instructions: "a\0b" }],
    ["setup", { setup: "a\0b" }],
    ["prompt", { prompt: "a\0b" }],
    ["metadata", { metadata: { a: "\0" } }],
    ["image", { image: "" }],
    ["image", { image: "-rm -rf" }],
    ["image", { image: "14" }],
    ["image", { image: "sha256:14" }],
    ["image", { image: "raworc_space_other:build-1" }],
    ["image", { image: "docker.io/library/raworc_space_other:build-1" }],
  ])("names %s for a bad one and changes nothing: %j", async (field, bad) => {
    const before = await count();
    const refusal = await refusalOf(gateway, create, { input: { name: "refused", ...bad } });
    expect(refusal).toMatchObject({ code: "BAD_USER_INPUT", field });
    expect(await count()).toEqual(before);
  });

  test("refuses an unknown space like one that may not be seen, and an inactive one", async () => {
    await createSpace(gateway, "closed");
    await gateway.gateway.store.space.update({ where: { name: "closed" }, data: { active: false } });
    const stranger = await accountToken(gateway, "stranger", "developer", "lab");
    const inSpace = (space: string, token?: string) =>
      refusalOf(gateway, create, { input: { name: "placed", space } }, token);
    expect(await inSpace("nowhere")).toMatchObject({ code: "NOT_FOUND" });
    expect(await inSpace("closed")).toMatchObject({ code: "CONFLICT" });
    expect(await inSpace("closed", stranger)).toEqual(await inSpace("nowhere", stranger));
    expect(await inSpace("default", stranger)).toMatchObject({ code: "FORBIDDEN" });
    expect(await refusalOf(gateway, create, { input: { name: "placed" } }, null)).toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  test("gives a network only to those who are granted agents:egress, whichever way they ask", async () => {
    const developer = await accountToken(gateway, "developer1", "developer");
    for (const asked of [{ network: "EGRESS" }, { metadata: { network: "egress" } }]) {
      const refusal = await refusalOf(gateway, create, { input: { name: "online", ...asked } }, developer);
      expect(refusal).toMatchObject({ code: "FORBIDDEN" });
    }
  });

  test("refuses a name that is taken in any case of letters", async () => {
    await createAgent(gateway, "Taken");
    const before = await count();
    for (const name of ["Taken", "taken", "TAKEN"]) {
      expect(await refusalOf(gateway, create, { input: { name } })).toMatchObject({ code: "CONFLICT", field: "name" });
    }
    expect(await count()).toEqual(before);
    expect((await agentNamed(gateway, "tAKEN")).name).toBe("Taken");
  });

  test("lets exactly one of many that want one name at once win", async () => {
    const names = ["race", "Race", "rAce", "raCe", "racE", "race", "RACE", "race"];
    const answers = await Promise.all(names.map((name) => gateway.graphql(create, { input: { name } })));
    expect(answers.filter(({ errors }) => !errors)).toHaveLength(1);
    expect(answers.flatMap(({ errors }) => errors ?? []).map(({ extensions }) => extensions.code)).toEqual(
      Array(7).fill("CONFLICT"),
    );
    const { store } = gateway.gateway;
    expect(await store.agent.count({ where: { nameKey: "race" } })).toBe(1);
    expect(await store.computer.count({ where: { agent: null } })).toBe(0);
  });
});
