import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountToken, agentNamed, ask, createAgent, refusalOf, responseOf, storyOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const document = `mutation ($id: ID!, $input: UpdateResponseInput!) {
  updateResponse(id: $id, input: $input) { id status engine output { text other items { raw } } failure { reason } }
}`;
let worker: string;
beforeAll(async () => {
  await createAgent(gateway, "inbox", { engine: "EXTERNAL", idleTimeoutSeconds: 86_400, busyTimeoutSeconds: 86_400 });
  await createAgent(gateway, "other", { engine: "EXTERNAL" });
  worker = (await gateway.data(`mutation { createAgentToken(name: "inbox") { token } }`)).createAgentToken.token;
});
const report = async (id: string, input: object, token: string = worker) =>
  (await gateway.data(document, { id, input }, token)).updateResponse;
const refused = (id: string, input: object, token: string = worker) =>
  refusalOf(gateway, document, { id, input }, token);
const wordsFor = async (id: string, input: object, token: string = worker) =>
  (await gateway.graphql(document, { id, input }, token)).errors?.[0]?.message;

describe("an outside worker", () => {
  test("takes a response, appends items, replaces the text, overwrites other keys and finishes", async () => {
    const { id } = await ask(gateway, "inbox", "hello");
    await report(id, { status: "PROCESSING" });
    expect(await agentNamed(gateway, "inbox")).toMatchObject({ state: "BUSY" });
    await report(id, { output: { items: [{ type: "commentary", channel: "analysis", text: "hm" }], score: 1 } });
    await report(id, {
      output: { text: "draft", items: [{ type: "custom", deep: { a: [1] } }], score: 2, more: true },
    });
    const done = await report(id, {
      status: "COMPLETED",
      output: { text: "done", items: [{ type: "final", channel: "final", text: "done" }] },
    });
    expect(done).toMatchObject({
      status: "COMPLETED",
      engine: "EXTERNAL",
      output: { text: "done", other: { score: 2, more: true } },
    });
    expect(done.output.items.map(({ raw }: { raw: { type: string } }) => raw.type)).toEqual([
      "commentary",
      "custom",
      "final",
    ]);
    const story = (await storyOf(gateway, id)).join(" ");
    expect(story).toBe("PENDING PROCESSING commentary custom text final COMPLETED");
    expect(await agentNamed(gateway, "inbox")).toMatchObject({ state: "IDLE" });
  });

  test("may finish at once, as document C shows it", async () => {
    const { id } = await ask(gateway, "inbox", "hi");
    const output = { text: "done", items: [{ type: "final", text: "done" }] };
    expect(await report(id, { status: "COMPLETED", output })).toMatchObject({ status: "COMPLETED" });
    expect(await responseOf(gateway, id)).toMatchObject({
      startedAt: expect.any(String),
      completedAt: expect.any(String),
    });
  });

  test("replaces the input, and reports a failure", async () => {
    const { id } = await ask(gateway, "inbox", "hi");
    await report(id, { input: { question: 1 } });
    expect(await report(id, { status: "FAILED", output: { text: "sorry" } })).toMatchObject({
      status: "FAILED",
      output: { text: "sorry" },
      failure: { reason: "WORKER_REPORTED" },
    });
    expect(await responseOf(gateway, id)).toMatchObject({ input: { question: 1 } });
  });

  test("cannot change what has ended, nor go back", async () => {
    const { id } = await ask(gateway, "inbox", "hi");
    await report(id, { status: "PROCESSING" });
    expect(await refused(id, { status: "PENDING" })).toMatchObject({ code: "CONFLICT", state: "PROCESSING" });
    await report(id, { status: "COMPLETED" });
    const story = await storyOf(gateway, id);
    for (const input of [{ status: "COMPLETED" }, { output: { text: "late" } }, { input: {} }, {}]) {
      expect(await refused(id, input)).toMatchObject({ code: "CONFLICT", state: "COMPLETED" });
    }
    expect(await storyOf(gateway, id)).toEqual(story);
  });

  test("that reports the end twice at once is heard once", async () => {
    const { id } = await ask(gateway, "inbox", "hi");
    const answers = await Promise.all(
      ["COMPLETED", "FAILED", "COMPLETED"].map((status) =>
        gateway.graphql(document, { id, input: { status, output: { items: [{ type: "end" }] } } }, worker),
      ),
    );
    expect(answers.filter(({ errors }) => !errors)).toHaveLength(1);
    const story = await storyOf(gateway, id);
    expect(story).toHaveLength(3);
    expect(story.slice(0, 2)).toEqual(["PENDING", "end"]);
  });

  test.each([
    ["output", { output: "text" }],
    ["output", { output: [] }],
    ["output.text", { output: { text: 1 } }],
    ["output.items", { output: { items: {} } }],
    ["output.items", { output: { items: [{ text: "no type" }] } }],
    ["output.items", { output: { items: [{ type: 1 }] } }],
    ["output", { output: { items: [{ type: "a", text: "\0" }] } }],
    ["input", { input: "text" }],
    ["status", { status: "CANCELLED" }],
  ])("is told %s for a bad one, and nothing is stored: %j", async (field, bad) => {
    const { id } = await ask(gateway, "inbox", "hi");
    expect(await refused(id, { output: { text: "x" }, ...bad })).toMatchObject({ code: "BAD_USER_INPUT", field });
    expect(await storyOf(gateway, id)).toEqual(["PENDING"]);
    await report(id, { status: "COMPLETED" });
  });

  test("is told which statuses there are, in GraphQL's words, and how to cancel", async () => {
    const { id } = await ask(gateway, "inbox", "hi");
    const message = `"status" must be PENDING, PROCESSING, COMPLETED or FAILED; to cancel use cancelResponse`;
    expect(await wordsFor(id, { status: "CANCELLED" })).toBe(message);
    expect(await report(id, { status: "PENDING" })).toMatchObject({ status: "PENDING" });
    await report(id, { status: "COMPLETED" });
  });

  test("may not touch what the gateway itself answers", async () => {
    await createAgent(gateway, "own");
    const { id } = await ask(gateway, "own", "sleep 100");
    while ((await responseOf(gateway, id)).status === "PENDING");
    expect(await refused(id, { status: "COMPLETED" }, gateway.adminToken)).toMatchObject({ code: "CONFLICT" });
    expect(await wordsFor(id, {}, gateway.adminToken)).toMatch(/only responses of the engine EXTERNAL can be updated/);
    await gateway.data(`mutation { cancelAgent(name: "own") { cancelled } }`);
  });
});

describe("a worker's token", () => {
  test("reads its inbox and says busy and idle", async () => {
    const { id } = await ask(gateway, "inbox", "in the box");
    const inbox = `{ responses(agent: "inbox", status: PENDING) { nodes { id input } } response(id: "${id}") { status } }`;
    expect(await gateway.data(inbox, {}, worker)).toEqual({
      responses: { nodes: [{ id, input: { text: "in the box" } }] },
      response: { status: "PENDING" },
    });
    const { setAgentBusy } = await gateway.data(`mutation { setAgentBusy(name: "inbox") { state } }`, {}, worker);
    expect(setAgentBusy).toEqual({ state: "BUSY" });
    await gateway.data(`mutation { setAgentIdle(name: "inbox") { state } }`, {}, worker);
  });

  test("is good for nothing else: other agents do not exist for it, and its own does no more", async () => {
    const theirs = await ask(gateway, "other", "secret");
    expect(await refused(theirs.id, { status: "COMPLETED" })).toMatchObject({ code: "NOT_FOUND" });
    const hidden = [
      `{ response(id: "${theirs.id}") { id } }`,
      `{ responses(agent: "other") { totalCount } }`,
      `{ agent(name: "other") { name } }`,
      `mutation { setAgentBusy(name: "other") { name } }`,
      `mutation { createResponse(agent: "inbox", input: {}) { id } }`,
      `mutation { sleepAgent(name: "inbox") { name } }`,
      `mutation { deleteAgent(name: "inbox") { name } }`,
      `mutation { updateAgent(name: "inbox", input: {}) { name } }`,
      `mutation { createAgentToken(name: "inbox") { token } }`,
      `mutation { cancelAgent(name: "inbox") { cancelled } }`,
    ];
    for (const query of hidden) {
      expect([query, (await refusalOf(gateway, query, {}, worker))?.code]).toEqual([query, "NOT_FOUND"]);
    }
    expect(
      await refusalOf(gateway, `mutation { createAgent(input: { name: "mine" }) { name } }`, {}, worker),
    ).toMatchObject({
      code: "FORBIDDEN",
    });
    expect((await gateway.data(`{ agents { nodes { name } } }`, {}, worker)).agents.nodes).toEqual([]);
  });

  test.each([[0], [-1], [2_592_001]])("lasts 1 second to 30 days, not %d", async (ttlSeconds) => {
    const refusal = await refusalOf(
      gateway,
      `mutation ($ttl: Int) { createAgentToken(name: "inbox", ttlSeconds: $ttl) { token } }`,
      { ttl: ttlSeconds },
    );
    expect(refusal).toMatchObject({ code: "BAD_USER_INPUT", field: "ttlSeconds" });
  });

  test("is made only by those who may update the agent, and ends with it", async () => {
    const nobody = await accountToken(gateway, "nobody2");
    const make = `mutation { createAgentToken(name: "other") { token } }`;
    expect(await refusalOf(gateway, make, {}, nobody)).toMatchObject({ code: "NOT_FOUND" });
    const { token } = (await gateway.data(make)).createAgentToken;
    await gateway.data(`mutation { deleteAgent(name: "other") { name } }`);
    const query = `{ responses(agent: "other") { totalCount } }`;
    expect(await refusalOf(gateway, query, {}, token)).toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
