import { afterAll, afterEach, describe, expect, test } from "vitest";
import { answerOf, createAgent } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { type Reply, say, startModelServer } from "../support/model-server.ts";
import { refusalBody, send } from "./rest.ts";

const server = await startModelServer();
const env = {
  RAWORC_ENGINE: "model",
  OPENAI_BASE_URL: server.baseUrl,
  RAWORC_MODEL: "m",
  RAWORC_CONTEXT_TOKENS: "1000",
};
const gateway = await startTestGateway({ env: { ...env, OPENAI_API_KEY: "sk-test" } });
afterAll(async () => {
  await gateway.stop();
  await server[Symbol.asyncDispose]();
});
afterEach(() => gateway.gateway.store.agent.deleteMany());

const path = "/agents/demo/context";
const context = async () => (await send(gateway, "GET", path)).json;
async function order(what: "clear" | "compact") {
  const answer = await send(gateway, "POST", `${path}/${what}`);
  await gateway.clock.advance(1);
  return answer;
}
const demo = () => createAgent(gateway, "demo", { engine: "MODEL" });
/** Asks, has the model do as told, and lets a second pass. */
async function ask(text: string, ...replies: Reply[]) {
  server.script(...replies);
  const response = await answerOf(gateway, "demo", text);
  await gateway.clock.advance(1);
  return response;
}
/** What the model was told last, without its instructions. */
const toldLast = () =>
  server.requests
    .at(-1)
    ?.body.messages.filter(({ role }) => role !== "system")
    .map(({ content }) => content);
const summary = (text: string) => [`Summary of our conversation so far:\n\n${text}`, "I will go on from there."];
const empty = {
  agent: "demo",
  soft_limit_tokens: 1000,
  used_tokens_estimated: 0,
  used_percent: 0,
  basis: "estimated_from_history_chars",
  cutoff_at: null,
  measured_at: expect.stringMatching(/^2026-/),
  total_messages_considered: 0,
};

describe("what an agent's model is told", () => {
  test("is nothing at first, and grows with what is said", async () => {
    await demo();
    expect(await context()).toEqual(empty);
    await ask("hi", say("x".repeat(400)));
    const first = await context();
    expect(first).toMatchObject({ total_messages_considered: 2, cutoff_at: null });
    expect(first.used_tokens_estimated).toBeGreaterThan(100);
    expect(first.used_tokens_estimated).toBeLessThan(150);
    expect(first.used_percent).toBeCloseTo(first.used_tokens_estimated / 10, 1);
    await ask("ho", say("short"));
    expect((await context()).used_tokens_estimated).toBeGreaterThan(first.used_tokens_estimated);
  });

  test("is full when something of it does not fit", async () => {
    await demo();
    await ask("hi", say("x".repeat(10_000)));
    expect(await context()).toMatchObject({ used_percent: 100, total_messages_considered: 0 });
  });
});

describe("clearing", () => {
  test("tells nothing of what was said, whose responses stay", async () => {
    await demo();
    await ask("my name is Ada", say("hello Ada"));
    const { status, json } = await order("clear");
    expect([status, json]).toEqual([200, { ...empty, cutoff_at: expect.stringMatching(/^2026-/) }]);
    await ask("who am I?", say("I do not know"));
    expect(toldLast()).toEqual(["who am I?"]);
    await ask("still?", say("yes"));
    expect(toldLast()).toEqual(["who am I?", "I do not know", "still?"]);
    expect((await send(gateway, "GET", "/agents/demo/responses/count")).json.count).toBe(3);
  });

  test("drops the summary too, and may be repeated", async () => {
    await demo();
    await ask("my name is Ada", say("hello Ada"));
    server.script(say("The user is Ada."));
    await order("compact");
    for (const _time of [1, 2]) {
      expect((await order("clear")).json).toMatchObject({ used_tokens_estimated: 0, total_messages_considered: 0 });
    }
    await ask("who am I?", say("?"));
    expect(toldLast()).toEqual(["who am I?"]);
  });
});

describe("compacting", () => {
  test("tells a summary that the model made in place of what was said", async () => {
    await demo();
    await ask("my name is Ada", say("hello Ada"));
    server.script(say("The user is Ada."));
    const { status, json } = await order("compact");
    expect([status, json]).toMatchObject([200, { agent: "demo", total_messages_considered: 2 }]);
    expect(json.cutoff_at).toBe(json.measured_at);
    expect(JSON.stringify(toldLast())).toContain("my name is Ada");
    await ask("who am I?", say("Ada"));
    expect(toldLast()).toEqual([...summary("The user is Ada."), "who am I?"]);
    await ask("sure?", say("yes"));
    expect(toldLast()).toEqual([...summary("The user is Ada."), "who am I?", "Ada", "sure?"]);
  });

  test("shows the summary to those who may see what the agent answers, and keeps it out of the log of events", async () => {
    await demo();
    await ask("my name is Ada", say("hello Ada"));
    server.script(say("A very private summary."));
    await order("compact");
    const { agent } = await gateway.data(`{ agent(name: "demo") { context { summary } } }`);
    expect(agent.context.summary).toBe("A very private summary.");
    const events = await gateway.gateway.store.event.findMany({ where: { stream: "agent:demo" } });
    expect(JSON.stringify(events, (_key, value) => (typeof value === "bigint" ? `${value}` : value))).not.toContain(
      "private",
    );
  });

  test("sums up the earlier summary with what came since", async () => {
    await demo();
    await ask("my name is Ada", say("hello Ada"));
    server.script(say("First."));
    await order("compact");
    await ask("I like tea", say("noted"));
    server.script(say("Second."));
    await order("compact");
    expect(JSON.stringify(toldLast())).toMatch(/First\..*I like tea/);
    await ask("so?", say("ok"));
    expect(toldLast()).toEqual([...summary("Second."), "so?"]);
  });

  test("with nothing to sum up succeeds and changes nothing", async () => {
    await demo();
    const asked = server.requests.length;
    expect((await order("compact")).json).toEqual(empty);
    expect(server.requests.length).toBe(asked);
  });

  test("fails with 503 when the model gives no summary, and changes nothing", async () => {
    await demo();
    await ask("hi", say("hello"));
    const before = await context();
    server.script({ status: 400, message: "no" });
    const { status, json } = await order("compact");
    expect([status, json]).toEqual([
      503,
      refusalBody("UNAVAILABLE", expect.stringMatching(/nothing was changed: The model provider refused/)),
    ]);
    expect(await context()).toEqual({ ...before, measured_at: expect.any(String) });
  });

  test("gives way to clearing in the meantime", async () => {
    await demo();
    await ask("hi", say("hello"));
    const asked = server.requests.length;
    server.script({ status: 503 }, say("late"));
    const compacting = order("compact");
    await expect.poll(() => server.requests.length, { timeout: 5000 }).toBe(asked + 1);
    const cleared = (await order("clear")).json;
    expect((await compacting).status).toBe(409);
    expect(await context()).toEqual({ ...cleared, measured_at: expect.any(String) });
  });

  test("without a model answers 409 and says what to set", async () => {
    const keyless = await startTestGateway({ env: { RAWORC_ENGINE: "shell" } });
    await createAgent(keyless, "demo");
    await answerOf(keyless, "demo", "echo hi");
    const { status, json } = await send(keyless, "POST", `${path}/compact`);
    expect([status, json.error.code]).toEqual([409, "CONFLICT"]);
    expect(json.message).toMatch(/^Agent "demo" has no model .*ANTHROPIC_API_KEY or OPENAI_API_KEY/);
    await keyless.stop();
  });
});

describe("a conversation that grows long", () => {
  test("is summarised before the next answer, which says so, counts it and is itself told later", async () => {
    await demo();
    await ask("my name is Ada", say("x".repeat(3700)));
    const second = await ask(
      "who am I?",
      { ...say("The user is Ada."), usage: [900, 30] },
      { ...say("Ada"), usage: [50, 4] },
    );
    expect(toldLast()).toEqual([...summary("The user is Ada."), "who am I?"]);
    expect(second).toMatchObject({ status: "COMPLETED", usage: { inputTokens: 950, outputTokens: 34 } });
    const [note] = second.output.items;
    expect(note).toMatchObject({ type: "commentary", raw: { text: expect.stringContaining("summarised") } });
    await ask("sure?", say("yes"));
    expect(toldLast()).toEqual([...summary("The user is Ada."), "who am I?", "Ada", "sure?"]);
    expect((await context()).used_percent).toBeLessThan(50);
  });
});

describe("what is told", () => {
  test("outlives a restart of the gateway", async () => {
    const first = await startTestGateway({ env: { ...env, OPENAI_API_KEY: "sk-test" } });
    await createAgent(first, "demo", { engine: "MODEL" });
    server.script(say("hello Ada"), say("The user is Ada."));
    await answerOf(first, "demo", "my name is Ada");
    await first.clock.advance(1);
    await send(first, "POST", `${path}/compact`);
    const second = await first.restart();
    server.script(say("Ada"));
    await answerOf(second, "demo", "who am I?");
    expect(toldLast()).toEqual([...summary("The user is Ada."), "who am I?"]);
    await second.stop();
  });
});
