import { afterAll, describe, expect, test } from "vitest";
import { createAgentReconciler } from "../../src/domain/agents/reconcile.ts";
import { agentNamed, answerOf, ask, createAgent, endOf, order, storyOf, untilItem } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { runByHand } from "../support/run.ts";

let gateway = await startTestGateway();
afterAll(() => gateway.stop());

const stateOf = async (name: string) => (await agentNamed(gateway, name)).state;
const update = (name: string, input: string) =>
  gateway.data(`mutation { updateAgent(name: "${name}", input: ${input}) { name } }`);

describe("an idle timeout", () => {
  test("puts the agent to sleep within a second of its deadline, not before", async () => {
    await createAgent(gateway, "idler", { idleTimeoutSeconds: 10 });
    await gateway.clock.advance(9);
    expect(await stateOf("idler")).toBe("IDLE");
    await gateway.clock.advance(1);
    expect(await agentNamed(gateway, "idler")).toMatchObject({ state: "SLEPT", computer: { phase: "PAUSED" } });
  });

  test("counts anew from every response", async () => {
    await createAgent(gateway, "active", { idleTimeoutSeconds: 10 });
    await gateway.clock.advance(9);
    await answerOf(gateway, "active", "true");
    await gateway.clock.advance(9);
    expect(await stateOf("active")).toBe("IDLE");
    await gateway.clock.advance(1);
    expect(await stateOf("active")).toBe("SLEPT");
  });

  test("does not count while the agent is busy", async () => {
    await createAgent(gateway, "occupied", { engine: "EXTERNAL", idleTimeoutSeconds: 5 });
    await order(gateway, "setAgentBusy", "occupied");
    await gateway.clock.advance(60);
    expect(await agentNamed(gateway, "occupied")).toMatchObject({ state: "BUSY" });
  });

  test("that is changed counts from the same moment as the old one", async () => {
    await createAgent(gateway, "longer", { idleTimeoutSeconds: 10 });
    await createAgent(gateway, "shorter", { idleTimeoutSeconds: 100 });
    await gateway.clock.advance(8);
    await update("longer", "{ idleTimeoutSeconds: 20 }");
    await update("shorter", "{ idleTimeoutSeconds: 8 }");
    await gateway.settle();
    expect(await stateOf("shorter")).toBe("SLEPT");
    await gateway.clock.advance(11);
    expect(await stateOf("longer")).toBe("IDLE");
    await gateway.clock.advance(1);
    expect(await stateOf("longer")).toBe("SLEPT");
  });

  test("that a response puts off needs no look before the old one would have fallen", async () => {
    await createAgent(gateway, "asked", { engine: "EXTERNAL", idleTimeoutSeconds: 10 });
    const reconciler = createAgentReconciler(gateway.gateway);
    const wanted: (string | null)[] = [];
    const stop = gateway.gateway.tail.subscribe("agent:asked", {
      event: (event) => wanted.push(reconciler.wants(event)),
    });
    const [agent] = await gateway.gateway.store.agent.findMany({ where: { name: "asked" } });
    const computerId = agent?.computerId ?? "";
    expect(await reconciler.reconcile(computerId, runByHand)).toEqual({ againAfterMs: 10_000 });
    await gateway.clock.advance(5);
    await ask(gateway, "asked", "anybody?");
    await update("asked", "{ idleTimeoutSeconds: 4 }");
    stop();
    expect(wanted.slice(0, 2)).toEqual([null, computerId]);
  });

  test("tells a response that nobody answered that the agent fell asleep", async () => {
    await createAgent(gateway, "unheard", { engine: "EXTERNAL", idleTimeoutSeconds: 10 });
    const { id } = await ask(gateway, "unheard", "anybody?");
    await gateway.clock.advance(10);
    expect(await endOf(gateway, id)).toMatchObject({ status: "FAILED", failure: { reason: "AGENT_SLEPT" } });
  });
});

describe("a busy timeout", () => {
  test("ends the running response as TIMEOUT, what only waited as AGENT_SLEPT, and the agent sleeps", async () => {
    await createAgent(gateway, "slow", { busyTimeoutSeconds: 30 });
    const running = await ask(gateway, "slow", "sleep 100");
    const waiting = await ask(gateway, "slow", "echo next");
    await untilItem(gateway, running.id, "tool_call");
    await gateway.clock.advance(29);
    expect(await stateOf("slow")).toBe("BUSY");
    await gateway.clock.advance(1);
    expect(await stateOf("slow")).toBe("SLEPT");
    expect(await endOf(gateway, running.id)).toMatchObject({ status: "FAILED", failure: { reason: "TIMEOUT" } });
    expect(await storyOf(gateway, waiting.id)).toEqual(["PENDING", "FAILED AGENT_SLEPT"]);
    expect(await answerOf(gateway, "slow", "echo well")).toMatchObject({ output: { text: "well\n" } });
  });

  test("counts for each response by itself, and for workers outside", async () => {
    await createAgent(gateway, "guest", { engine: "EXTERNAL", busyTimeoutSeconds: 30, idleTimeoutSeconds: 3600 });
    const { id } = await ask(gateway, "guest", "work");
    await gateway.data(`mutation { updateResponse(id: "${id}", input: { status: PROCESSING }) { id } }`);
    await gateway.clock.advance(20);
    await gateway.data(`mutation { updateResponse(id: "${id}", input: { status: COMPLETED }) { id } }`);
    await order(gateway, "setAgentBusy", "guest");
    await gateway.clock.advance(29);
    expect(await stateOf("guest")).toBe("BUSY");
    await gateway.clock.advance(1);
    expect(await stateOf("guest")).toBe("SLEPT");
  });
});

describe("deadlines after a restart", () => {
  test("fall when they are due, also those that fell due while the gateway was away", async () => {
    await createAgent(gateway, "patient", { idleTimeoutSeconds: 100 });
    await createAgent(gateway, "planned", { idleTimeoutSeconds: 3600 });
    await createAgent(gateway, "frozen");
    await order(gateway, "sleepAgent", "planned", "delaySeconds: 30");
    await order(gateway, "sleepAgent", "frozen");
    await gateway.settle();
    gateway = await gateway.restart();
    await gateway.clock.advance(29);
    expect([await stateOf("patient"), await stateOf("planned")]).toEqual(["IDLE", "IDLE"]);
    await gateway.clock.advance(31);
    expect([await stateOf("patient"), await stateOf("planned")]).toEqual(["IDLE", "SLEPT"]);
    expect((await agentNamed(gateway, "frozen")).computer.phase).toBe("STOPPED");
    await gateway.clock.advance(40);
    expect(await stateOf("patient")).toBe("SLEPT");
  });
});
