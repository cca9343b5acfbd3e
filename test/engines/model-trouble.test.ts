import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { EngineOutcome } from "../../src/engines/engine.ts";
import { type Act, type Reply, say, use } from "../support/model-server.ts";
import { itemFaults } from "./job.ts";
import { GATEWAY_KEY, openModelRoom } from "./model-room.ts";

const failureOf = (outcome: EngineOutcome) => (outcome.status === "failed" ? outcome.failure : null);
const text = (words: string): Act => ({ kind: "text", text: words });
const broken: Reply = { acts: [text("Hal"), { kind: "breakOff" }] };
const malformed: Reply = { acts: [text("Hal"), { kind: "rawChunk", data: '{"choices": [' }, text("f")] };

describe("a model that cannot be asked for a while", () => {
  const passing: { name: string; reply: Reply }[] = [
    { name: "429", reply: { status: 429 } },
    { name: "500", reply: { status: 500 } },
    { name: "529", reply: { status: 529 } },
    { name: "a stream that breaks off", reply: broken },
    { name: "a stream that ends without an end", reply: { acts: [text("Hal")], finish: "" } },
    { name: "malformed JSON in the stream", reply: malformed },
    {
      name: "an error in the stream",
      reply: { acts: [{ kind: "rawChunk", data: '{"error":{"message":"overloaded"}}' }] },
    },
  ];
  test.each(passing)("is asked again, and nothing is recorded twice: $name", async ({ reply }) => {
    await using room = await openModelRoom([
      use("bash", { command: "echo x >> log; cat log" }),
      reply,
      reply,
      say("Whole"),
    ]);
    const job = room.job();
    expect(await room.engine.answer(job)).toMatchObject({ status: "completed", text: "Whole" });
    expect(job.items.map(({ type }) => type)).toEqual(["tool_call", "tool_result", "final"]);
    expect(job.items[1]?.["output"]).toBe("[exit_code:0]\nx\n");
    expect(room.waitsMs).toEqual([1000, 2000]);
    expect(room.server.requests).toHaveLength(4);
  });

  test("has those who watch forget what was shown of the step that broke off, and of no other", async () => {
    const thinking: Reply = { acts: [{ kind: "reasoning", text: "Hm" }, { kind: "breakOff" }] };
    await using room = await openModelRoom([
      use("bash", { command: "true" }, text("Let us see")),
      { acts: [{ kind: "breakOff" }] },
      broken,
      { status: 500 },
      thinking,
      say("Whole"),
    ]);
    const job = room.job();
    expect(await room.engine.answer(job)).toMatchObject({ status: "completed", text: "Whole" });
    expect(job.deltas).toEqual([
      { channel: "text", text: "Let u" },
      { channel: "text", text: "s see" },
      { channel: "text", text: "H" },
      { channel: "text", text: "al" },
      { channel: "analysis", text: "Hm", restart: true },
      { channel: "text", text: "Wh", restart: true },
      { channel: "text", text: "ole" },
    ]);
  });

  test("is given the time it asks for", async () => {
    const now = () => new Date("2026-01-01T00:00:00Z");
    const replies = [
      { status: 429, headers: { "retry-after": "7" } },
      { status: 429, headers: { "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT" } },
      { status: 503, headers: { "retry-after-ms": "11500" } },
      say("ok"),
    ];
    await using room = await openModelRoom(replies, { retrying: { now } });
    expect(await room.engine.answer(room.job())).toMatchObject({ status: "completed" });
    expect(room.waitsMs).toEqual([7000, 9000, 11_500]);
  });

  test("ends the response when it asks for more time than there is", async () => {
    await using room = await openModelRoom([{ status: 429, headers: { "retry-after": "3600" } }]);
    expect(await room.engine.answer(room.job())).toMatchObject({
      status: "failed",
      failure: { reason: "MODEL_ERROR", evidence: { status: 429, attempts: 1 } },
    });
    expect(room.waitsMs).toEqual([]);
  });

  test("is asked again when it is silent for too long", async () => {
    await using room = await openModelRoom([{ acts: [text("Hal"), { kind: "hang" }] }, say("Whole")], {
      patience: { firstChunkMs: 5000, chunkMs: 20 },
    });
    expect(await room.engine.answer(room.job())).toMatchObject({ status: "completed", text: "Whole" });
  });

  test("is asked again when it takes the question and never begins to answer", async () => {
    await using room = await openModelRoom([{ acts: [{ kind: "hang" }] }, say("Whole")], {
      patience: { firstChunkMs: 1000, chunkMs: 1000 },
    });
    expect(await room.engine.answer(room.job())).toMatchObject({ status: "completed", text: "Whole" });
  });

  test("that nobody listens at ends the response after the attempts are used up", async () => {
    await using room = await openModelRoom([]);
    await room.server[Symbol.asyncDispose]();
    expect(await room.engine.answer(room.job())).toMatchObject({
      failure: { reason: "MODEL_ERROR", evidence: { attempts: 6, model: "m", provider: "openai" } },
    });
    expect(room.waitsMs).toEqual([1000, 2000, 4000, 8000, 16_000]);
  }, 20_000);

  test("ends the response as MODEL_ERROR when its stream stays unreadable, and keeps what was done before", async () => {
    const replies = [use("bash", { command: "echo kept" }), ...Array.from({ length: 6 }, () => malformed)];
    await using room = await openModelRoom(replies);
    const job = room.job();
    expect(await room.engine.answer(job)).toEqual({
      status: "failed",
      failure: {
        reason: "MODEL_ERROR",
        message: "The connection to the model broke or its answer was unreadable, 6 times in a row",
        evidence: { provider: "openai", model: "m", attempts: 6 },
      },
    });
    expect(job.usage).toEqual({ inputTokens: 10, outputTokens: 5 });
    expect(job.items.map(({ type }) => type)).toEqual(["tool_call", "tool_result"]);
    expect(itemFaults(job.items)).toEqual([]);
  });
});

describe("a model that does not come to an end", () => {
  const long = "x".repeat(1_500_000);
  test.each([
    ["speaking", { acts: [text(long), text(long)] }],
    ["thinking", { acts: [{ kind: "reasoning", text: long }, text(long)] }],
    ["writing a tool's arguments", use("write_file", { path: "a", content: long + long })],
  ] as const)("is broken off when %s, and not asked again", async (_what, reply) => {
    await using room = await openModelRoom([reply, say("no")]);
    const job = room.job();
    expect(await room.engine.answer(job)).toMatchObject({
      status: "failed",
      failure: { reason: "MODEL_ERROR", evidence: { attempts: 1 } },
    });
    await room.server.clientGone;
    expect(job.items).toEqual([]);
  });
});

describe("a model that refuses", () => {
  test.each([401, 403])("the key (%i) ends the response with a word on which key to check", async (status) => {
    await using room = await openModelRoom([{ status, message: `Incorrect API key: ${GATEWAY_KEY}` }]);
    const outcome = await room.engine.answer(room.job());
    expect(outcome).toMatchObject({
      status: "failed",
      failure: {
        reason: "MODEL_UNAVAILABLE",
        message: `The model provider refused the key (${status}); check OPENAI_API_KEY in the gateway's environment`,
        evidence: { status, provider: "openai", model: "m", attempts: 1 },
      },
    });
    expect(JSON.stringify([outcome, room.logged])).not.toContain(GATEWAY_KEY);
  });

  test("a key out of the secrets says so", async () => {
    await using room = await openModelRoom([{ status: 401 }]);
    const job = room.job({ environment: { OPENAI_API_KEY: "mine" } });
    expect(failureOf(await room.engine.answer(job))?.message).toContain("in the secrets of the agent and its space");
    expect(room.server.requests[0]?.headers.authorization).toBe("Bearer mine");
  });

  test("the request ends the response at once, with its words but no key", async () => {
    await using room = await openModelRoom([{ status: 404, message: `No model "m" for ${GATEWAY_KEY}` }]);
    const outcome = await room.engine.answer(room.job());
    expect(outcome).toMatchObject({
      failure: {
        reason: "MODEL_ERROR",
        message: 'The model provider refused the request (404): No model "m" for …',
        evidence: { status: 404, attempts: 1 },
      },
    });
    expect(JSON.stringify([outcome, room.logged])).not.toContain(GATEWAY_KEY);
    expect(room.waitsMs).toEqual([]);
  });
});

describe("without what a model needs", () => {
  test("a response fails as MODEL_UNAVAILABLE and says what to set", async () => {
    await using room = await openModelRoom([], { settings: readConfig({}).model });
    const failure = failureOf(await room.engine.answer(room.job()));
    expect(failure?.reason).toBe("MODEL_UNAVAILABLE");
    expect(failure?.message).toContain("ANTHROPIC_API_KEY or OPENAI_API_KEY");
  });

  test("a URL that is none is named", async () => {
    await using room = await openModelRoom([]);
    const job = room.job({ environment: { OPENAI_API_KEY: "mine", OPENAI_BASE_URL: "nonsense" } });
    const failure = failureOf(await room.engine.answer(job));
    expect(failure?.reason).toBe("MODEL_UNAVAILABLE");
    expect(failure?.message).toContain("OPENAI_BASE_URL");
  });
});
