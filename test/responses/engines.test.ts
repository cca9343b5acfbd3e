import { afterAll, describe, expect, test } from "vitest";
import {
  agentNamed,
  answerOf,
  ask,
  createAgent,
  createSpace,
  endOf,
  order,
  responseOf,
  storyOf,
  untilItem,
  untilItRuns,
} from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { say, startModelServer, use } from "../support/model-server.ts";

const model = await startModelServer();
const env = { OPENAI_BASE_URL: model.baseUrl, RAWORC_MODEL: "m", RAWORC_DRAIN_SECONDS: "0" };
let gateway = await startTestGateway({ env });
afterAll(async () => {
  await gateway.stop();
  await model[Symbol.asyncDispose]();
});

const withoutChoice = { engine: null };
const withKey = { engine: null, secrets: { OPENAI_API_KEY: "sk-own" } };
const workedWithOneTool = ["PENDING", "PROCESSING", "tool_call", "tool_result", "final", "COMPLETED"];
const roles = (request: number) => model.requests[request]?.body.messages.map(({ role, content }) => [role, content]);

describe("which engine answers", () => {
  test("is an outside worker where no key can be found, and the first item says once what to set", async () => {
    await createAgent(gateway, "keyless", withoutChoice);
    const { id } = await ask(gateway, "keyless", "hello");
    await gateway.settle();
    await gateway.clock.advance(1);
    const { status, output } = await responseOf(gateway, id);
    expect(status).toBe("PENDING");
    expect(output.items).toHaveLength(1);
    expect(output.items[0].raw).toMatchObject({ type: "commentary", channel: "analysis" });
    expect(output.items[0].raw.text).toMatch(/ANTHROPIC_API_KEY.*metadata\.engine "shell"/s);
    gateway = await gateway.restart();
    await gateway.settle();
    expect(await storyOf(gateway, id)).toEqual(["PENDING", "commentary"]);
  });

  test("is none where a secret was sealed under another master key, which the response says", async () => {
    await createAgent(gateway, "resealed", withKey);
    const { id: agentId } = await agentNamed(gateway, "resealed");
    await gateway.gateway.store.secret.updateMany({ where: { ownerId: agentId }, data: { keyId: "unknown" } });
    const { id } = await ask(gateway, "resealed", "hello");
    await gateway.settle();
    const failed = await responseOf(gateway, id);
    expect(failed).toMatchObject({ status: "FAILED", failure: { reason: "MODEL_UNAVAILABLE" } });
    expect(failed.failure.message).toContain(
      '"OPENAI_API_KEY" was sealed under a master key this gateway does not have',
    );
  });

  test("is an outside worker without a word where the agent wants that", async () => {
    await createAgent(gateway, "wanted", { engine: "EXTERNAL" });
    const { id } = await ask(gateway, "wanted", "hello");
    await gateway.settle();
    expect(await storyOf(gateway, id)).toEqual(["PENDING"]);
  });

  test("is a model where a key is among the secrets of the agent or of its space", async () => {
    await createSpace(gateway, "keyed", { OPENAI_API_KEY: "sk-space" });
    await createAgent(gateway, "of-space", { engine: null, space: "keyed" });
    await createAgent(gateway, "of-agent", { ...withKey, space: "keyed" });
    const first = model.requests.length;
    model.script(say("from the space"), say("from the agent"));
    expect(await answerOf(gateway, "of-space", "hi")).toMatchObject({
      engine: "MODEL",
      output: { text: "from the space" },
    });
    await answerOf(gateway, "of-agent", "hi");
    const keys = model.requests.slice(first).map(({ headers }) => headers.authorization);
    expect(keys).toEqual(["Bearer sk-space", "Bearer sk-own"]);
  });

  test("is no model in the gateway's own network that a secret names, not for a summary either", async () => {
    await createSpace(gateway, "curious", { OPENAI_API_KEY: "sk-space" });
    await createAgent(gateway, "spy", { engine: null, space: "curious" });
    model.script(say("Yes."));
    await answerOf(gateway, "spy", "Are you there?");
    const asked = model.requests.length;
    await gateway.data(
      `mutation ($url: String!) {
      setSecret(input: { space: "curious", key: "OPENAI_BASE_URL", value: $url }) { __typename }
    }`,
      { url: model.baseUrl },
    );
    expect(await answerOf(gateway, "spy", "And now?")).toMatchObject({
      status: "FAILED",
      failure: { reason: "MODEL_UNAVAILABLE", message: expect.stringContaining("RAWORC_MODEL_HOSTS") },
    });
    const { errors } = await gateway.graphql(`mutation { compactContext(agent: "spy") { __typename } }`);
    expect(errors?.[0]).toMatchObject({ extensions: { code: "UNAVAILABLE" } });
    expect(errors?.[0]?.message).toContain("RAWORC_MODEL_HOSTS");
    expect(model.requests).toHaveLength(asked);
  });

  test("follows a change of the agent with the next response", async () => {
    await createAgent(gateway, "fickle");
    expect(await answerOf(gateway, "fickle", "echo a")).toMatchObject({ engine: "SHELL" });
    await gateway.data(
      `mutation { updateAgent(name: "fickle", input: { metadata: { engine: "external" } }) { name } }`,
    );
    const { id } = await ask(gateway, "fickle", "echo b");
    await gateway.settle();
    expect(await responseOf(gateway, id)).toMatchObject({ status: "PENDING", engine: null });
    await gateway.data(`mutation { updateAgent(name: "fickle", input: { engine: SHELL }) { name } }`);
    await gateway.clock.advance(1);
    expect(await endOf(gateway, id)).toMatchObject({ engine: "SHELL", output: { text: "b\n" } });
  });

  test("is the gateway's choice where the agent has none", async () => {
    const other = await startTestGateway({ env: { RAWORC_ENGINE: "shell" } });
    await createAgent(other, "free", withoutChoice);
    expect(await answerOf(other, "free", "echo shell")).toMatchObject({ engine: "SHELL", output: { text: "shell\n" } });
    await other.stop();
  });
});

describe("a model", () => {
  test("works in the agent's computer, counts what it used, and tells every step", async () => {
    await createAgent(gateway, "thinker", { ...withKey, instructions: "You are exact." });
    const first = model.requests.length;
    model.script(
      { ...use("bash", { command: "echo 42 > answer; cat answer" }), usage: [100, 20] },
      { ...say("It is 42."), usage: [150, 7] },
    );
    const answered = await answerOf(gateway, "thinker", "What is the answer?");
    expect(answered).toMatchObject({
      status: "COMPLETED",
      output: { text: "It is 42." },
      usage: { inputTokens: 250, outputTokens: 27 },
    });
    expect(await storyOf(gateway, answered.id)).toEqual(workedWithOneTool);
    const [system, user] = roles(first) ?? [];
    expect(system?.[0]).toBe("system");
    expect(JSON.stringify(system)).toContain("You are exact.");
    expect(user).toEqual(["user", "What is the answer?"]);
    expect(JSON.stringify(model.requests[first + 1]?.body.messages.at(-1))).toContain("[exit_code:0]\\n42\\n");
  });

  test("is sent what the agent was asked and answered before, the oldest first", async () => {
    model.script(say("You asked for the answer."));
    await answerOf(gateway, "thinker", "What did I ask?");
    const said = JSON.stringify(model.requests.at(-1)?.body.messages);
    const places = ["What is the answer?", "echo 42", "It is 42.", "What did I ask?"].map((text) => said.indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test("hears it from its tool when the computer dies, and goes on in the next one", async () => {
    model.script(use("bash", { command: "sleep 100" }), use("bash", { command: "echo again" }), say("Done."));
    const { id } = await ask(gateway, "thinker", "Try.");
    await untilItem(gateway, id, "tool_call");
    const { computer } = await agentNamed(gateway, "thinker");
    gateway.runtime.die(`raworc-${computer.id}-g${computer.generation}`);
    await untilItem(gateway, id, "tool_result");
    await gateway.settle();
    await gateway.clock.advance(1);
    const ended = await endOf(gateway, id);
    expect(ended).toMatchObject({ status: "COMPLETED", output: { text: "Done." } });
    const results = ended.output.items.flatMap(({ raw }: { raw: { type: string; output: string } }) =>
      raw.type === "tool_result" ? [raw.output] : [],
    );
    expect(results[0]).toMatch(/^\[exit_code:none\]\n.*computer was lost/s);
    expect(results[1]).toBe("[exit_code:0]\nagain\n");
  });

  test("goes on after a restart of the gateway from what is recorded, and a command is not run twice", async () => {
    model.script({ ...use("bash", { command: "echo x >> once; sleep 100" }), usage: [100, 20] });
    const { id } = await ask(gateway, "thinker", "Go on.");
    await untilItem(gateway, id, "tool_call");
    model.script({ ...say("I went on."), usage: [150, 7] });
    gateway = await gateway.restart();
    expect(await endOf(gateway, id)).toMatchObject({
      status: "COMPLETED",
      output: { text: "I went on." },
      usage: { inputTokens: 250, outputTokens: 27 },
    });
    expect(await storyOf(gateway, id)).toEqual(workedWithOneTool);
    expect(JSON.stringify(model.requests.at(-1)?.body.messages)).toContain("interrupted");
  });

  test("that is put to sleep stops asking, and what it used till then is counted", async () => {
    model.script({ ...use("bash", { command: "true" }), usage: [100, 20] });
    model.script({ acts: [{ kind: "text", text: "one " }, { kind: "hang" }] });
    const asked = model.requests.length;
    const { id } = await ask(gateway, "thinker", "Count.");
    while (model.requests.length < asked + 2) await new Promise(setImmediate);
    await order(gateway, "sleepAgent", "thinker");
    await model.clientGone;
    expect(await endOf(gateway, id)).toMatchObject({
      status: "FAILED",
      failure: { reason: "AGENT_SLEPT" },
      usage: { inputTokens: 100, outputTokens: 20 },
    });
  });
});

describe("a script", () => {
  test("that runs when the gateway stops ends as INTERRUPTED and is not run again", async () => {
    await createAgent(gateway, "script");
    const { id } = await ask(gateway, "script", "echo x >> once; sleep 100");
    await untilItem(gateway, id, "tool_call");
    gateway = await gateway.restart();
    expect(await endOf(gateway, id)).toMatchObject({ status: "FAILED", failure: { reason: "INTERRUPTED" } });
    expect(await answerOf(gateway, "script", "echo well")).toMatchObject({ output: { text: "well\n" } });
  });

  test("whose computer dies ends as COMPUTER_LOST, or OUT_OF_MEMORY, with an honest tool_result", async () => {
    await createAgent(gateway, "mortal");
    for (const [outOfMemory, reason, words] of [
      [false, "COMPUTER_LOST", "the computer was lost"],
      [true, "OUT_OF_MEMORY", "ran out of memory"],
    ] as const) {
      const { id } = await untilItRuns(gateway, () => ask(gateway, "mortal", "sleep 100"));
      const { computer } = await agentNamed(gateway, "mortal");
      gateway.runtime.die(`raworc-${computer.id}-g${computer.generation}`, { outOfMemory });
      const ended = await endOf(gateway, id);
      expect(ended).toMatchObject({ status: "FAILED", failure: { reason } });
      const result = ended.output.items.find(({ raw }: { raw: { type: string } }) => raw.type === "tool_result");
      expect(result.raw.output).toMatch(/^\[exit_code:none\]/);
      expect(result.raw.output).toContain(words);
      await gateway.settle();
      await gateway.clock.advance(1);
    }
  });
});
