import { afterAll, describe, expect, test } from "vitest";
import { claim } from "../../src/domain/responses/claim.ts";
import { findRespondent } from "../../src/domain/responses/find-respondent.ts";
import {
  agentNamed,
  answerOf,
  ask,
  createAgent,
  endOf,
  refusalOf,
  responseOf,
  responsesOf,
  storyOf,
  untilItem,
} from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const create = `mutation ($agent: ID!, $input: JSON!, $wait: Boolean, $timeoutSeconds: Int, $idempotencyKey: String, $whenBusy: WhenBusy) {
  createResponse(agent: $agent, input: $input, wait: $wait, timeoutSeconds: $timeoutSeconds,
    idempotencyKey: $idempotencyKey, whenBusy: $whenBusy) { id status }
}`;
const refused = (agent: string, variables: object) => refusalOf(gateway, create, { agent, ...variables });
const cancel = (id: string) => gateway.data(`mutation { cancelResponse(id: "${id}") { status } }`);
const statuses = async (name: string) =>
  (await responsesOf(gateway, name)).map(({ status }: { status: string }) => status);

describe("asking an agent", () => {
  test("answers at once with a response that waits, keeps the input as it is, and ends with text and items", async () => {
    await createAgent(gateway, "shell");
    const asked = await ask(gateway, "shell", "echo out; echo err >&2");
    expect(asked).toMatchObject({ status: "PENDING", createdBy: "admin", startedAt: null, completedAt: null });
    const ended = await endOf(gateway, asked.id);
    expect(ended).toMatchObject({
      status: "COMPLETED",
      engine: "SHELL",
      failure: null,
      input: { text: "echo out; echo err >&2" },
      output: { text: "out\nerr\n", other: {} },
    });
    expect(ended.output.items.map(({ raw }: { raw: object }) => raw)).toEqual([
      { type: "tool_call", tool: "bash", args: { command: "echo out; echo err >&2", cwd: "/agent" } },
      { type: "tool_result", tool: "bash", output: "[exit_code:0]\nout\nerr\n" },
      { type: "final", channel: "final", text: "out\nerr\n" },
    ]);
  });

  test("says with which code a command failed", async () => {
    expect(await answerOf(gateway, "shell", "echo no; exit 4")).toMatchObject({
      status: "FAILED",
      output: { text: "no\n" },
      failure: { reason: "COMMAND_FAILED", evidence: { exitCode: 4 } },
    });
  });

  test("answers in the order of asking, one at a time", async () => {
    await createAgent(gateway, "orderly");
    const asked = [];
    for (const word of ["one", "two", "three", "four"])
      asked.push(await ask(gateway, "orderly", `echo ${word} >> log`));
    await endOf(gateway, asked[3].id);
    expect((await answerOf(gateway, "orderly", "cat log")).output.text).toBe("one\ntwo\nthree\nfour\n");
  });

  test("keeps what is asked before the agent is ready", async () => {
    const hold = gateway.runtime.hold("ensureRunning");
    await gateway.data(`mutation { createAgent(input: { name: "unready", engine: SHELL }) { name } }`);
    const { id } = await ask(gateway, "unready", "echo ready");
    await hold.reached;
    hold();
    expect(await endOf(gateway, id)).toMatchObject({ output: { text: "ready\n" } });
  });

  test.each([
    ["input", { input: "text" }],
    ["input", { input: ["text"] }],
    ["input", { input: { text: "a\0" } }],
    ["input.text", { input: { text: 7 } }],
    ["timeoutSeconds", { input: {}, wait: true, timeoutSeconds: 0 }],
    ["timeoutSeconds", { input: {}, wait: true, timeoutSeconds: 901 }],
    ["idempotencyKey", { input: {}, idempotencyKey: "" }],
    ["idempotencyKey", { input: {}, idempotencyKey: "k".repeat(201) }],
    ["idempotencyKey", { input: {}, idempotencyKey: "\0" }],
  ])("names %s for a bad one and asks nothing: %j", async (field, variables) => {
    const count = () => gateway.gateway.store.response.count();
    const before = await count();
    expect(await refused("shell", variables)).toMatchObject({ code: "BAD_USER_INPUT", field });
    expect(await count()).toBe(before);
  });

  test("waiting past its time is TIMEOUT, while the response goes on", async () => {
    await createAgent(gateway, "lasting");
    const refusal = await refused("lasting", { input: { text: "sleep 1.2; echo end" }, wait: true, timeoutSeconds: 1 });
    expect(refusal).toMatchObject({ code: "TIMEOUT" });
    const [{ id }] = await responsesOf(gateway, "lasting");
    expect(await endOf(gateway, id)).toMatchObject({ status: "COMPLETED", output: { text: "end\n" } });
  });

  test("with a key that was used answers with the first response, also when both come at once", async () => {
    await createAgent(gateway, "once", { engine: "EXTERNAL" });
    const both = await Promise.all(
      ["a", "b", "c"].map((text) => ask(gateway, "once", text, { idempotencyKey: "order-1" })),
    );
    expect(new Set(both.map(({ id }) => id)).size).toBe(1);
    await cancel(both[0].id);
    expect(await ask(gateway, "once", "d", { idempotencyKey: "order-1" })).toMatchObject({
      id: both[0].id,
      status: "CANCELLED",
    });
    expect((await ask(gateway, "once", "e", { idempotencyKey: "order-2" })).id).not.toBe(both[0].id);
    await createAgent(gateway, "once-more", { engine: "EXTERNAL" });
    expect((await ask(gateway, "once-more", "a", { idempotencyKey: "order-1" })).id).not.toBe(both[0].id);
  });
});

describe("asking a busy agent", () => {
  test("with REJECT is CONFLICT with its state, and nothing is asked", async () => {
    await createAgent(gateway, "picky", { engine: "EXTERNAL" });
    await ask(gateway, "picky", "first", { whenBusy: "REJECT" });
    expect(await refused("picky", { input: {}, whenBusy: "REJECT" })).toMatchObject({
      code: "CONFLICT",
      state: "IDLE",
    });
    expect(await statuses("picky")).toEqual(["PENDING"]);
  });

  test("with INTERRUPT cancels what runs and goes first; what waited stays", async () => {
    await createAgent(gateway, "patient");
    const running = await ask(gateway, "patient", "sleep 100");
    const waiting = await ask(gateway, "patient", "echo waited >> log");
    await untilItem(gateway, running.id, "tool_call");
    const urgent = await ask(gateway, "patient", "echo urgent >> log", { whenBusy: "INTERRUPT" });
    await endOf(gateway, waiting.id);
    expect(await responseOf(gateway, running.id)).toMatchObject({ status: "CANCELLED", failure: null });
    expect(await responseOf(gateway, urgent.id)).toMatchObject({ status: "COMPLETED" });
    expect((await answerOf(gateway, "patient", "cat log")).output.text).toBe("urgent\nwaited\n");
  });

  test("with INTERRUPT goes before what was just about to begin", async () => {
    await createAgent(gateway, "quick", { engine: "EXTERNAL" });
    const turn = await ask(gateway, "quick", "first");
    const urgent = await ask(gateway, "quick", "second", { whenBusy: "INTERRUPT" });
    const respondent = await findRespondent(gateway.gateway.store, (await agentNamed(gateway, "quick")).id);
    if (!respondent) throw new Error("the agent is not there");
    const begin = (id: string) =>
      claim(gateway.gateway, respondent, id, { engine: "SHELL", from: "IDLE", opening: [] });
    expect(await begin(turn.id)).toBeNull();
    expect(await begin(urgent.id)).toMatchObject({ id: urgent.id, status: "PROCESSING" });
  });

  test("with INTERRUPT again goes before the interruption that still waits", async () => {
    const hold = gateway.runtime.hold("ensureRunning");
    await gateway.data(`mutation { createAgent(input: { name: "torn", engine: SHELL }) { name } }`);
    await ask(gateway, "torn", "echo queued >> log");
    await ask(gateway, "torn", "echo first >> log", { whenBusy: "INTERRUPT" });
    await ask(gateway, "torn", "echo second >> log", { whenBusy: "INTERRUPT" });
    hold();
    expect((await answerOf(gateway, "torn", "cat log")).output.text).toBe("second\nfirst\nqueued\n");
  });
});

describe("cancelling", () => {
  test("stops a running response, keeps what it recorded, and the next one begins", async () => {
    await createAgent(gateway, "stopped");
    const running = await ask(gateway, "stopped", "sleep 100");
    const next = await ask(gateway, "stopped", "echo next");
    await untilItem(gateway, running.id, "tool_call");
    expect(await cancel(running.id)).toEqual({ cancelResponse: { status: "CANCELLED" } });
    expect(await endOf(gateway, next.id)).toMatchObject({ output: { text: "next\n" } });
    expect(await storyOf(gateway, running.id)).toEqual([
      "PENDING",
      "PROCESSING",
      "tool_call",
      "tool_result",
      "CANCELLED",
    ]);
  });

  test("takes a waiting response out of the queue", async () => {
    await createAgent(gateway, "queued");
    const running = await ask(gateway, "queued", "sleep 100");
    const waiting = await ask(gateway, "queued", "echo never");
    await cancel(waiting.id);
    await cancel(running.id);
    expect(await storyOf(gateway, waiting.id)).toEqual(["PENDING", "CANCELLED"]);
    expect(await agentNamed(gateway, "queued")).toMatchObject({ state: "IDLE" });
  });

  test("what is cancelled succeeds and changes nothing; what ended otherwise is CONFLICT", async () => {
    const { id } = await ask(gateway, "queued", "sleep 100");
    await cancel(id);
    const story = await storyOf(gateway, id);
    await cancel(id);
    expect(await storyOf(gateway, id)).toEqual(story);
    const done = await answerOf(gateway, "queued", "true");
    expect(await refusalOf(gateway, `mutation { cancelResponse(id: "${done.id}") { id } }`)).toMatchObject({
      code: "CONFLICT",
      state: "COMPLETED",
    });
    expect(await refusalOf(gateway, `mutation { cancelResponse(id: "${"0".repeat(36)}") { id } }`)).toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("an agent cancels everything it has not finished and says how many there were", async () => {
    await createAgent(gateway, "all");
    await answerOf(gateway, "all", "true");
    const running = await ask(gateway, "all", "sleep 100");
    await ask(gateway, "all", "true");
    await untilItem(gateway, running.id, "tool_call");
    const cancelAgent = async () =>
      (await gateway.data(`mutation { cancelAgent(name: "all") { name cancelled } }`)).cancelAgent;
    expect(await cancelAgent()).toEqual({ name: "all", cancelled: 2 });
    expect(await cancelAgent()).toEqual({ name: "all", cancelled: 0 });
    expect(await statuses("all")).toEqual(["COMPLETED", "CANCELLED", "CANCELLED"]);
    expect(await agentNamed(gateway, "all")).toMatchObject({ state: "IDLE" });
  });
});
