import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startModelServer } from "../support/model-server.ts";
import { createWorld, endOf, processesWith, untilAgent, untilStep, type World } from "./world.ts";

const ask = `mutation ($agent: ID!, $input: JSON!) { createResponse(agent: $agent, input: $input) { id } }`;

describe("kill -9 of the gateway, with local processes as computers", () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld({ RAWORC_RUNTIME: "process" });
  });
  afterEach(() => world.close());

  test("a command that ran ends as INTERRUPTED, once, and leaves no process behind", async () => {
    const mark = `600.${Date.now() % 100000}`;
    const before = await world.start();
    await before.ask(`mutation { createAgent(input: { name: "worker", engine: SHELL }) { name } }`);
    const { createResponse } = await before.ask(ask, { agent: "worker", input: { text: `echo started; setsid sleep ${mark}` } });
    await untilStep(before, createResponse.id, ({ item }) => item?.raw.type === "tool_call");
    await untilCommand(`sleep\0${mark}`);
    await before.kill();

    const after = await world.start();
    const steps = await endOf(after, createResponse.id);
    expect(steps.map(({ seq }) => seq)).toEqual(steps.map((_step, place) => place + 1));
    expect(steps.filter(({ status }) => status === "FAILED")).toHaveLength(1);
    expect(steps.at(-1)).toMatchObject({ status: "FAILED", response: { failure: { reason: "INTERRUPTED" } } });
    const types = steps.flatMap(({ item }) => item?.raw.type ?? []);
    expect(types).toEqual(["tool_call", "tool_result"]);
    await untilAgent(after, "worker", "IDLE");
    expect(processesWith(`sleep\0${mark}`)).toEqual([]);
  });

  test("a model's answer goes on from the items it has recorded", async () => {
    const model = await startModelServer({ toolCalls: [{ name: "bash", args: { command: "echo one >> log" } }] }, { hang: true });
    const env = { OPENAI_API_KEY: "test", OPENAI_BASE_URL: model.url, RAWORC_MODEL: "test" };
    const before = await world.start(env);
    await before.ask(`mutation { createAgent(input: { name: "thinker" }) { name } }`);
    const { createResponse } = await before.ask(ask, { agent: "thinker", input: { text: "write the log" } });
    await untilStep(before, createResponse.id, ({ item }) => item?.raw.type === "tool_result");
    await before.kill();

    model.reply({ text: "written" });
    const after = await world.start(env);
    const steps = await endOf(after, createResponse.id);
    expect(steps.at(-1)).toMatchObject({ status: "COMPLETED" });
    const types = steps.flatMap(({ item }) => item?.raw.type ?? []);
    expect(types).toEqual(["tool_call", "tool_result", "final"]);
    await model.close();
  });

  test("whatever was acknowledged is there, at whatever moment the gateway died", async () => {
    const acknowledged: { agent: string; response: string }[] = [];
    for (let round = 0; round < 5; round++) {
      const gateway = await world.start();
      const storm = stormOf(gateway, round, acknowledged);
      await new Promise((resolve) => setTimeout(resolve, 100 + 137 * round));
      await gateway.kill();
      await storm;
    }
    const last = await world.start();
    expect(acknowledged.length).toBeGreaterThan(5);
    for (const { agent, response } of acknowledged) {
      const steps = await endOf(last, response);
      expect(steps.filter(({ status }) => status && status !== "PENDING" && status !== "PROCESSING")).toHaveLength(1);
      await untilAgent(last, agent, "IDLE");
    }
  }, 120_000);
});

/** Creates agents and asks them, one after another, until the gateway is gone. */
async function stormOf(gateway: Awaited<ReturnType<World["start"]>>, round: number, acknowledged: { agent: string; response: string }[]) {
  try {
    for (let count = 0; ; count++) {
      const agent = `storm-${round}-${count}`;
      await gateway.ask(`mutation ($name: String!) { createAgent(input: { name: $name, engine: SHELL }) { name } }`, { name: agent });
      const { createResponse } = await gateway.ask(ask, { agent, input: { text: `echo ${randomUUID()}` } });
      acknowledged.push({ agent, response: createResponse.id });
    }
  } catch {
    // The gateway died in the middle: that is what the test is about.
  }
}

/** Resolves when a process with that command line runs. */
async function untilCommand(text: string): Promise<void> {
  while (processesWith(text).length === 0) await new Promise((resolve) => setImmediate(resolve));
}
