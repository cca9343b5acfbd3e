import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { putToSleep } from "../../src/domain/agents/sleep.ts";
import { wakeInside } from "../../src/domain/agents/wake.ts";
import { commit } from "../../src/events/commit.ts";
import {
  agentNamed,
  answerOf,
  ask,
  createAgent,
  endOf,
  order,
  refusalOf,
  responsesOf,
  storyOf,
  untilItem,
} from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const computerOf = async (name: string) => {
  await gateway.settle();
  return (await agentNamed(gateway, name)).computer;
};
const containerOf = async (name: string) => {
  const { id, generation } = (await agentNamed(gateway, name)).computer;
  return gateway.runtime.inspect(`raworc-${id}-g${generation}`);
};

describe("sleeping and waking an agent", () => {
  test("freezes its computer at once, stops it when the freeze time is over, and keeps its files", async () => {
    await createAgent(gateway, "sleeper");
    await answerOf(gateway, "sleeper", "echo kept > note.txt");
    expect(await order(gateway, "sleepAgent", "sleeper")).toMatchObject({
      state: "SLEPT",
      idleFrom: null,
      busyFrom: null,
      sleepsAt: null,
    });
    expect(await computerOf("sleeper")).toMatchObject({ phase: "PAUSED", desired: "PAUSED" });
    expect(await containerOf("sleeper")).toMatchObject({ status: "paused" });

    await gateway.clock.advance(59);
    expect(await containerOf("sleeper")).toMatchObject({ status: "paused" });
    await gateway.clock.advance(1);
    expect(await containerOf("sleeper")).toMatchObject({ status: "stopped" });
    expect((await agentNamed(gateway, "sleeper")).computer).toMatchObject({ phase: "STOPPED" });

    expect(await answerOf(gateway, "sleeper", "cat note.txt")).toMatchObject({ output: { text: "kept\n" } });
    expect(await computerOf("sleeper")).toMatchObject({ phase: "RUNNING", generation: 1 });
  });

  test("a wake inside the freeze time thaws the same run; the stop that was due never comes", async () => {
    await createAgent(gateway, "napper", { idleTimeoutSeconds: 3600 });
    const before = await containerOf("napper");
    await order(gateway, "sleepAgent", "napper");
    await gateway.settle();
    await gateway.clock.advance(30);
    expect(await order(gateway, "wakeAgent", "napper")).toMatchObject({ state: "INIT" });
    await gateway.settle();
    expect(await agentNamed(gateway, "napper")).toMatchObject({ state: "IDLE", computer: { generation: 1 } });
    expect(await containerOf("napper")).toEqual(before);
    await gateway.clock.advance(60);
    expect(await containerOf("napper")).toEqual(before);
  });

  test("a wake that comes while the computer is being frozen is ready only when it runs again", async () => {
    await createAgent(gateway, "quick");
    const hold = gateway.runtime.hold("ensurePaused");
    onTestFinished(hold);
    await order(gateway, "sleepAgent", "quick");
    await hold.reached;
    const { id } = await ask(gateway, "quick", "echo here");
    expect(await agentNamed(gateway, "quick")).toMatchObject({ state: "INIT", computer: { phase: "PAUSED" } });
    hold();
    expect(await endOf(gateway, id)).toMatchObject({ status: "COMPLETED", output: { text: "here\n" } });
  });

  test("from the order on nobody takes the computer for one that runs, and nothing more is to be said of it", async () => {
    await createAgent(gateway, "drowsy");
    await order(gateway, "sleepAgent", "drowsy");
    const { id } = await computerOf("drowsy");
    const events = await gateway.gateway.store.event.findMany({
      where: { stream: `computer:${id}` },
      orderBy: { id: "asc" },
    });
    expect(events.at(-1)).toMatchObject({ type: "computer.ordered", payload: { desired: "PAUSED", phase: "PAUSED" } });
    expect(await containerOf("drowsy")).toMatchObject({ status: "paused" });
  });

  test("a sleep that is taken back before anything was frozen leaves the computer as it ran", async () => {
    const { id } = await createAgent(gateway, "restless");
    const before = await containerOf("restless");
    await commit(gateway.gateway, async (unit) => {
      await putToSleep(unit, id, "ORDER");
      await wakeInside(unit, id);
    });
    expect(await computerOf("restless")).toMatchObject({ phase: "RUNNING" });
    expect(await agentNamed(gateway, "restless")).toMatchObject({ state: "IDLE" });
    expect(await containerOf("restless")).toEqual(before);
  });

  test("sleeping a sleeper and waking a waker succeed and change nothing", async () => {
    await createAgent(gateway, "steady", { idleTimeoutSeconds: 3600 });
    const events = () => gateway.gateway.store.event.count();
    const awake = await agentNamed(gateway, "steady");
    const quiet = await events();
    expect(await order(gateway, "wakeAgent", "steady")).toEqual(awake);
    expect(await events()).toBe(quiet);
    await order(gateway, "sleepAgent", "steady");
    await gateway.settle();
    const asleep = await agentNamed(gateway, "steady");
    const still = await events();
    await gateway.clock.advance(5);
    expect(await order(gateway, "sleepAgent", "steady", `delaySeconds: 9, note: "again"`)).toEqual(asleep);
    expect(await events()).toBe(still);
  });

  test("a delayed sleep comes when it is due, and its note is in the log", async () => {
    await createAgent(gateway, "later");
    const agent = await order(gateway, "sleepAgent", "later", `delaySeconds: 20, note: "end of shift"`);
    expect(agent).toMatchObject({ state: "IDLE" });
    expect(new Date(agent.sleepsAt).getTime()).toBe(gateway.gateway.now().getTime() + 20_000);
    await gateway.clock.advance(19);
    expect(await agentNamed(gateway, "later")).toMatchObject({ state: "IDLE" });
    await gateway.clock.advance(1);
    expect(await agentNamed(gateway, "later")).toMatchObject({ state: "SLEPT" });
    const events = await gateway.gateway.store.event.findMany({ where: { stream: "agent:later" } });
    expect(events.some(({ payload }) => (payload as { note?: string }).note === "end of shift")).toBe(true);
  });

  test.each([["-1"], ["2592001"]])("names delaySeconds for a bad delay: %s", async (delay) => {
    await createAgent(gateway, `bad${delay.replace("-", "m")}`);
    const document = `mutation { sleepAgent(name: "bad${delay.replace("-", "m")}", delaySeconds: ${delay}) { name } }`;
    expect(await refusalOf(gateway, document)).toMatchObject({ code: "BAD_USER_INPUT", field: "delaySeconds" });
  });

  test("ends what it was answering and what waited as AGENT_SLEPT, each once", async () => {
    await createAgent(gateway, "worker");
    const running = await ask(gateway, "worker", "sleep 100");
    const waiting = await ask(gateway, "worker", "echo never");
    await untilItem(gateway, running.id, "tool_call");
    await order(gateway, "sleepAgent", "worker");
    expect(await endOf(gateway, running.id)).toMatchObject({ status: "FAILED", failure: { reason: "AGENT_SLEPT" } });
    expect(await storyOf(gateway, running.id)).toEqual([
      "PENDING",
      "PROCESSING",
      "tool_call",
      "tool_result",
      "FAILED AGENT_SLEPT",
    ]);
    expect(await storyOf(gateway, waiting.id)).toEqual(["PENDING", "FAILED AGENT_SLEPT"]);
    expect(await computerOf("worker")).toMatchObject({ phase: "PAUSED" });
  });

  test("a wake delivers its prompt, also to an agent that is awake", async () => {
    await createAgent(gateway, "listener", { engine: "EXTERNAL" });
    await order(gateway, "wakeAgent", "listener", `prompt: "while awake"`);
    await order(gateway, "sleepAgent", "listener");
    expect(await order(gateway, "wakeAgent", "listener", `prompt: "get ready"`)).toMatchObject({ state: "INIT" });
    expect(await responsesOf(gateway, "listener")).toMatchObject([
      { input: { text: "while awake" }, status: "FAILED" },
      { input: { text: "get ready" }, status: "PENDING" },
    ]);
  });

  test("asking a sleeper wakes it", async () => {
    await createAgent(gateway, "called", { engine: "EXTERNAL" });
    await order(gateway, "sleepAgent", "called");
    await gateway.clock.advance(61);
    await ask(gateway, "called", "hello");
    await gateway.settle();
    expect(await agentNamed(gateway, "called")).toMatchObject({ state: "IDLE", computer: { phase: "RUNNING" } });
  });
});

test("with a freeze time of 0 a sleeping computer is stopped at once", async () => {
  const other = await startTestGateway({ env: { RAWORC_FREEZE_SECONDS: "0" } });
  await createAgent(other, "brief");
  await order(other, "sleepAgent", "brief");
  await other.settle();
  expect((await agentNamed(other, "brief")).computer).toMatchObject({ phase: "STOPPED" });
  expect(other.runtime.calls("ensurePaused")).toBe(0);
  await other.stop();
});
