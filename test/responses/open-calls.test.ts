import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { itemsOf } from "../../src/domain/responses/items.ts";
import { itemFaults } from "../engines/job.ts";
import { agentNamed, answerOf, ask, createAgent, order, storyOf, untilItem } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { say, startModelServer, use } from "../support/model-server.ts";
import { createSession, orderSession, send } from "../support/sessions.ts";

const model = await startModelServer();
const env = { OPENAI_BASE_URL: model.baseUrl, OPENAI_API_KEY: "sk", RAWORC_MODEL: "m", RAWORC_DRAIN_SECONDS: "0" };
let gateway = await startTestGateway({ env });
afterAll(async () => {
  await gateway.stop();
  await model[Symbol.asyncDispose]();
});

/** The items of a response, also when its agent is gone. */
const recordedOf = async (id: string) => ((await itemsOf(gateway.gateway, [id])).get(id) ?? []).map(({ raw }) => raw);
const cancel = (id: string) => gateway.data(`mutation { cancelResponse(id: "${id}") { status } }`);
const cancelAll = (name: string) => gateway.data(`mutation { cancelAgent(name: "${name}") { cancelled } }`);
const die = async (name: string) => {
  const { id, generation, phase } = (await agentNamed(gateway, name)).computer;
  if (phase === "RUNNING") gateway.runtime.die(`raworc-${id}-g${generation}`);
};

/** A script in the middle of its command. */
async function running(agent: string): Promise<string> {
  const { id } = await ask(gateway, agent, "sleep 100");
  await untilItem(gateway, id, "tool_call");
  return id;
}

describe("a response that is ended while a command runs", () => {
  test.each([
    ["cancelled", cancel, "CANCELLED", "cancelled before its end was seen"],
    ["cancelled with all of its agent's", (_id: string, name: string) => cancelAll(name), "CANCELLED", "cancelled"],
    [
      "interrupted by another",
      (_id: string, name: string) => ask(gateway, name, "true", { whenBusy: "INTERRUPT" }),
      "CANCELLED",
      "cancelled",
    ],
    [
      "cut off by its agent's sleep",
      (_id: string, name: string) => order(gateway, "sleepAgent", name),
      "FAILED AGENT_SLEPT",
      "interrupted: The agent was put to sleep before it had finished",
    ],
    ["cut off by a time-out", () => gateway.clock.advance(4000), "FAILED TIMEOUT", "busy timeout"],
    [
      "cut off by its agent's deletion",
      (_id: string, name: string) => gateway.data(`mutation { deleteAgent(name: "${name}") { name } }`),
      "FAILED AGENT_DELETED",
      "was deleted",
    ],
  ])("%s says so in the place of the result", async (how, end, status, words) => {
    const name = how.replaceAll(/\W/g, "-");
    await createAgent(gateway, name, { busyTimeoutSeconds: 3600 });
    const id = await running(name);
    await end(id, name);
    await gateway.settle();
    expect(await storyOf(gateway, id)).toEqual(["PENDING", "PROCESSING", "tool_call", "tool_result", status]);
    const [, result] = await recordedOf(id);
    expect(result).toMatchObject({ tool: "bash", output: expect.stringContaining(words) });
    expect(result?.["output"]).toMatch(/^\[exit_code:none\]\n\[.*; what it did is not known\]$/);
  });

  test("of a session says so too", async () => {
    const session = await createSession(gateway);
    const { response } = await send(gateway, session.id, "sleep 100");
    await untilItem(gateway, response.id, "tool_call");
    await orderSession(gateway, "pauseSession", session.id);
    expect((await storyOf(gateway, response.id)).slice(-2)).toEqual(["tool_result", "FAILED SESSION_PAUSED"]);
  });

  test("keeps what an outside worker left open, for only the worker knows what it did", async () => {
    await createAgent(gateway, "worked", { engine: "EXTERNAL" });
    const { id } = await ask(gateway, "worked", "hello");
    const input = { status: "PROCESSING", output: { items: [{ type: "tool_call", tool: "bash", args: {} }] } };
    await gateway.data(
      `mutation ($id: ID!, $input: UpdateResponseInput!) { updateResponse(id: $id, input: $input) { id } }`,
      { id, input },
    );
    await order(gateway, "sleepAgent", "worked");
    expect(await storyOf(gateway, id)).toEqual(["PENDING", "tool_call", "PROCESSING", "FAILED AGENT_SLEPT"]);
  });
});

test("whatever befalls an agent, in any order, every call of a response that ended has one result", async () => {
  const befalls = {
    ask: (name: string) => ask(gateway, name, "echo done"),
    run: async (name: string) => {
      const { id } = await ask(gateway, name, "sleep 100", { whenBusy: "INTERRUPT" });
      await gateway.clock.advance(10);
      await untilItem(gateway, id, "tool_call");
    },
    begin: (name: string) => ask(gateway, name, "sleep 100"),
    interrupt: (name: string) => ask(gateway, name, "echo urgent", { whenBusy: "INTERRUPT" }),
    cancel: cancelAll,
    sleep: (name: string) => order(gateway, "sleepAgent", name),
    die,
    restart: async () => void (gateway = await gateway.restart()),
    wait: () => gateway.clock.advance(1),
  } as const;
  let count = 0;
  const steps = fc.array(fc.constantFrom(...(Object.keys(befalls) as (keyof typeof befalls)[])), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const name = `befallen-${count++}`;
      await createAgent(gateway, name, { idleTimeoutSeconds: 86_400 });
      for (const step of all) await befalls[step](name);
      await cancelAll(name);
      await gateway.settle();
      const rows = await gateway.gateway.store.response.findMany({ where: { agent: { name } }, select: { id: true } });
      for (const { id } of rows) {
        const story = await storyOf(gateway, id);
        expect(story.filter((step) => /COMPLETED|FAILED|CANCELLED/.test(step))).toEqual(story.slice(-1));
        expect(itemFaults(await recordedOf(id))).toEqual([]);
      }
    }),
    { numRuns: 15 },
  );
});

test("a model is told of a command that was cancelled that nobody saw its end", async () => {
  await createAgent(gateway, "told", { engine: "MODEL" });
  model.script(use("bash", { command: "sleep 100" }), say("I will look."));
  await cancel(await running("told"));
  await answerOf(gateway, "told", "Did it work?");
  const roles = model.requests.at(-1)?.body.messages.map(({ role }) => role);
  expect(roles).toEqual(["system", "user", "assistant", "tool", "assistant", "user"]);
  expect(JSON.stringify(model.requests.at(-1)?.body.messages)).toContain("cancelled before its end was seen");
});
