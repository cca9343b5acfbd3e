import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { unavailable } from "../../src/errors.ts";
import { createMemoryRuntime } from "../../src/runtime/memory/memory-runtime.ts";
import {
  agentNamed,
  answerOf,
  ask,
  createAgent,
  endOf,
  order,
  storyOf,
  untilItem,
  untilState,
} from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { countListeners } from "../support/live.ts";

let gateway = await startTestGateway();
afterAll(() => gateway.stop());

const containerOf = async (name: string) => {
  const { id, generation } = (await agentNamed(gateway, name)).computer;
  return `raworc-${id}-g${generation}`;
};
const die = async (name: string, options = {}) => {
  gateway.runtime.die(await containerOf(name), options);
  await gateway.clock.advance(0);
};

describe("a container that dies", () => {
  test("is started again after a wait that doubles, and the agent stays", async () => {
    await createAgent(gateway, "mortal", { idleTimeoutSeconds: 86_400 });
    await answerOf(gateway, "mortal", "echo kept > file");
    for (const waitSeconds of [0.5, 1, 2]) {
      await die("mortal");
      expect((await agentNamed(gateway, "mortal")).computer).toMatchObject({
        phase: "STOPPED",
        lastError: "its container ended with exit code 137",
      });
      await gateway.clock.advance(waitSeconds - 0.1);
      expect((await agentNamed(gateway, "mortal")).computer.phase).toBe("STOPPED");
      await gateway.clock.advance(0.1);
      expect((await agentNamed(gateway, "mortal")).computer).toMatchObject({ phase: "RUNNING", lastError: null });
    }
    expect((await answerOf(gateway, "mortal", "cat file")).output.text).toBe("kept\n");
  });

  test("five times in ten minutes puts the agent to sleep with the reason, and its responses end as COMPUTER_LOST", async () => {
    await createAgent(gateway, "hopeless", { idleTimeoutSeconds: 86_400 });
    for (let death = 1; death <= 4; death++) {
      await die("hopeless", { outOfMemory: true });
      await gateway.clock.advance(10);
    }
    const { id } = await ask(gateway, "hopeless", "sleep 100");
    const waiting = await ask(gateway, "hopeless", "true");
    await untilItem(gateway, id, "tool_call");
    await die("hopeless", { outOfMemory: true });
    expect(await agentNamed(gateway, "hopeless")).toMatchObject({
      state: "SLEPT",
      lastError: "it ran out of memory",
      computer: { phase: "FAILED", desired: "STOPPED", lastError: "it ran out of memory" },
    });
    expect((await endOf(gateway, id)).failure.reason).toMatch(/OUT_OF_MEMORY|COMPUTER_LOST/);
    // It may have been begun before anybody knew that the computer was gone.
    const story = (await storyOf(gateway, waiting.id)).filter((step) => step !== "PROCESSING");
    const begun = story.length > 2 ? ["tool_call", "tool_result"] : [];
    expect(story).toEqual(["PENDING", ...begun, "FAILED COMPUTER_LOST"]);
    expect(await answerOf(gateway, "hopeless", "echo again")).toMatchObject({ output: { text: "again\n" } });
    expect(await agentNamed(gateway, "hopeless")).toMatchObject({ lastError: null });
  });

  test("seldom is started again for ever", async () => {
    await createAgent(gateway, "lucky", { idleTimeoutSeconds: 86_400 });
    for (let death = 1; death <= 7; death++) {
      await die("lucky");
      await gateway.clock.advance(200);
    }
    expect(await agentNamed(gateway, "lucky")).toMatchObject({ state: "IDLE", computer: { phase: "RUNNING" } });
  });

  test("unannounced, or is removed from outside, is found by looking at everything", async () => {
    await createAgent(gateway, "silent", { idleTimeoutSeconds: 86_400 });
    gateway.runtime.away(true);
    gateway.runtime.die(await containerOf("silent"));
    gateway.runtime.away(false);
    await gateway.clock.advance(1);
    await gateway.clock.advance(1);
    expect((await agentNamed(gateway, "silent")).computer).toMatchObject({ phase: "RUNNING", generation: 1 });
    await gateway.runtime.removeContainer(await containerOf("silent"));
    await gateway.clock.advance(1);
    await gateway.clock.advance(1);
    expect((await agentNamed(gateway, "silent")).computer).toMatchObject({ phase: "RUNNING", generation: 2 });
  });

  test("while it is frozen is no failure: the wake starts it", async () => {
    await createAgent(gateway, "iced");
    await order(gateway, "sleepAgent", "iced");
    await gateway.settle();
    await die("iced");
    expect((await agentNamed(gateway, "iced")).computer).toMatchObject({ phase: "STOPPED", lastError: null });
    expect(await answerOf(gateway, "iced", "echo up")).toMatchObject({ output: { text: "up\n" } });
  });
});

test("a stopped computer whose container is removed from outside wakes in another one, with its files", async () => {
  await createAgent(gateway, "robbed");
  await answerOf(gateway, "robbed", "echo kept > file");
  await order(gateway, "sleepAgent", "robbed");
  await gateway.settle();
  await gateway.clock.advance(60);
  await gateway.runtime.removeContainer(await containerOf("robbed"));
  expect((await answerOf(gateway, "robbed", "cat file")).output.text).toBe("kept\n");
  expect((await agentNamed(gateway, "robbed")).computer).toMatchObject({ phase: "RUNNING", generation: 2 });
});

describe("a start that fails", () => {
  test("is tried again, and says why; five times gives the computer up", async () => {
    for (let failure = 1; failure <= 5; failure++) {
      gateway.runtime.failNext("ensureContainer", unavailable(`no room ${failure}`));
    }
    await createAgent(gateway, "cramped");
    expect((await agentNamed(gateway, "cramped")).computer).toMatchObject({ phase: "STOPPED", lastError: "no room 1" });
    for (let failure = 2; failure <= 5; failure++) await gateway.clock.advance(10);
    expect(await agentNamed(gateway, "cramped")).toMatchObject({ state: "SLEPT", lastError: "no room 5" });
    await order(gateway, "wakeAgent", "cramped");
    await gateway.settle();
    expect(await agentNamed(gateway, "cramped")).toMatchObject({ state: "IDLE" });
  });

  test("for the last time is over with the next wake: who wants something waits while it is under way", async () => {
    for (let failure = 1; failure <= 5; failure++)
      gateway.runtime.failNext("ensureImage", unavailable("no such image"));
    await createAgent(gateway, "pulled");
    for (let failure = 2; failure <= 5; failure++) await gateway.clock.advance(10);
    expect(await agentNamed(gateway, "pulled")).toMatchObject({ state: "SLEPT", computer: { phase: "FAILED" } });
    const hold = gateway.runtime.hold("ensureImage");
    onTestFinished(hold);
    await order(gateway, "wakeAgent", "pulled");
    await hold.reached;
    expect((await agentNamed(gateway, "pulled")).computer).toMatchObject({ phase: "STOPPED", desired: "RUNNING" });
    const waiting = countListeners(gateway.gateway.tail);
    const ran = gateway.data(`mutation { exec(agent: "pulled", command: ["echo", "up"]) { stdout } }`);
    await expect.poll(waiting, { timeout: 5000 }).toBe(1);
    hold();
    expect(await ran).toEqual({ exec: { stdout: "up\n" } });
  });

  test("counts when it is that of a stopped computer, too", async () => {
    await createAgent(gateway, "stiff");
    await order(gateway, "sleepAgent", "stiff");
    await gateway.settle();
    await gateway.clock.advance(60);
    gateway.runtime.failNext("start", unavailable("no room"));
    await order(gateway, "wakeAgent", "stiff");
    await gateway.settle();
    expect((await agentNamed(gateway, "stiff")).computer).toMatchObject({ phase: "STOPPED", lastError: "no room" });
    await gateway.clock.advance(1);
    expect(await agentNamed(gateway, "stiff")).toMatchObject({ state: "IDLE", computer: { generation: 1 } });
  });

  test("for the last time does not undo a deletion that came meanwhile", async () => {
    for (let failure = 1; failure <= 5; failure++) gateway.runtime.failNext("ensureContainer", unavailable("no room"));
    await createAgent(gateway, "undead");
    for (let failure = 2; failure <= 4; failure++) await gateway.clock.advance(10);
    const { id } = (await agentNamed(gateway, "undead")).computer;
    const hold = gateway.runtime.hold("ping");
    onTestFinished(hold);
    const last = gateway.clock.advance(10);
    await hold.reached;
    await gateway.data(`mutation { deleteAgent(name: "undead") { name } }`);
    hold();
    await last;
    await gateway.clock.advance(1);
    expect(await gateway.gateway.store.computer.count({ where: { id } })).toBe(0);
  });
});

describe("an engine that is away", () => {
  test("loses no order: the agent is INIT and answers once it is back", async () => {
    gateway.runtime.away(true);
    await createAgent(gateway, "early");
    const { id } = await ask(gateway, "early", "echo at last");
    await gateway.clock.advance(60);
    expect(await agentNamed(gateway, "early")).toMatchObject({ state: "INIT", computer: { phase: "ABSENT" } });
    gateway.runtime.away(false);
    expect(await endOf(gateway, id)).toMatchObject({ status: "COMPLETED", output: { text: "at last\n" } });
  });

  test("counts as no failure of the computer, however often it is asked", async () => {
    gateway.runtime.away(true);
    await createAgent(gateway, "waiting");
    for (let look = 0; look < 8; look++) await gateway.clock.advance(1);
    gateway.runtime.away(false);
    await untilState(gateway, "waiting", "IDLE");
    const row = await gateway.gateway.store.agent.findUnique({
      where: { name: "waiting" },
      include: { computer: true },
    });
    expect(row?.computer).toMatchObject({ failures: 0, lastError: null });
  });

  test("sleeps and wakes what it was told to when it is back", async () => {
    await createAgent(gateway, "tired");
    gateway.runtime.away(true);
    expect(await order(gateway, "sleepAgent", "tired")).toMatchObject({ state: "SLEPT" });
    gateway.runtime.away(false);
    await gateway.clock.advance(0);
    expect((await agentNamed(gateway, "tired")).computer.phase).toBe("PAUSED");
  });
});

describe("a gateway that starts with another runtime", () => {
  test("refuses honestly to run computers whose files are elsewhere, and runs them when it is back", async () => {
    const { runtime } = gateway;
    await createAgent(gateway, "settled", { idleTimeoutSeconds: 86_400 });
    await answerOf(gateway, "settled", "echo here > file");
    const another = Object.assign(createMemoryRuntime(), { kind: "process" });
    gateway = await gateway.restart({ runtime: another });
    await gateway.settle();
    const lastError =
      "its files are in the memory runtime; this gateway uses process. Set RAWORC_RUNTIME=memory, restart the " +
      "gateway, then wake the agent (or resume the session)";
    expect(await agentNamed(gateway, "settled")).toMatchObject({ state: "SLEPT", lastError });
    const { id } = await ask(gateway, "settled", "cat file");
    expect(await endOf(gateway, id)).toMatchObject({ status: "FAILED", failure: { reason: "COMPUTER_LOST" } });
    await gateway.settle();
    expect(await agentNamed(gateway, "settled")).toMatchObject({ state: "SLEPT", lastError });
    gateway = await gateway.restart({ runtime });
    await gateway.settle();
    expect(await runtime.inspect(await containerOf("settled"))).toMatchObject({ status: "stopped" });
    expect(await answerOf(gateway, "settled", "cat file")).toMatchObject({ output: { text: "here\n" } });
  });
});
