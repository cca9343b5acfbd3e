import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentNamed, ask, createAgent, order, refusalOf, untilItem } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const refused = (mutation: string, name: string, args = "") =>
  refusalOf(gateway, `mutation { ${mutation}(name: "${name}"${args}) { state } }`);

describe("changing an agent", () => {
  beforeAll(() => createAgent(gateway, "changing", { description: "first", tags: ["old"], metadata: { a: 1 } }));
  const update = (input: object) =>
    gateway.data(
      `mutation ($input: UpdateAgentInput!) { updateAgent(name: "CHANGING", input: $input) {
        name description tags metadata idleTimeoutSeconds busyTimeoutSeconds engine
      } }`,
      { input },
    );
  const tagged = async (tag: string) =>
    (await gateway.data(`{ agents(filter: { tags: ["${tag}"] }) { nodes { name } } }`)).agents.nodes;

  test("null and absent leave everything as it is", async () => {
    const before = await agentNamed(gateway, "changing");
    const nothing = { description: null, tags: null, metadata: null, engine: null, instructions: null, setup: null };
    await update({ ...nothing, idleTimeoutSeconds: null, busyTimeoutSeconds: null });
    await update({});
    expect({ ...(await agentNamed(gateway, "changing")), lastActivityAt: null }).toEqual({
      ...before,
      lastActivityAt: null,
    });
  });

  test("an engine that metadata chose goes with them; one that was named stays", async () => {
    const { updateAgent: chosen } = await update({ metadata: { engine: "external" } });
    expect(chosen).toMatchObject({ engine: "EXTERNAL", metadata: { engine: "external" } });
    expect((await update({ metadata: { a: 1 } })).updateAgent).toMatchObject({ engine: null, metadata: { a: 1 } });
    await update({ engine: "SHELL" });
    expect((await update({ metadata: { a: 2 } })).updateAgent).toMatchObject({ engine: "SHELL", metadata: { a: 2 } });
  });

  test("another network is refused and nothing is changed; the same one is no change", async () => {
    const before = await agentNamed(gateway, "changing");
    const input = '{ description: "x", tags: ["x"], metadata: { network: "egress", engine: "model" } }';
    expect(
      await refusalOf(gateway, `mutation { updateAgent(name: "changing", input: ${input}) { name } }`),
    ).toMatchObject({ code: "BAD_USER_INPUT", field: "metadata.network" });
    expect(await agentNamed(gateway, "changing")).toEqual(before);
    expect((await update({ metadata: { network: "none" } })).updateAgent.metadata).toEqual({ network: "none" });
  });

  test("changes what is given, and the tags' index follows", async () => {
    const { updateAgent } = await update({
      description: "",
      tags: ["new", "new"],
      metadata: { b: 2 },
      engine: "MODEL",
    });
    expect(updateAgent).toMatchObject({ description: "", tags: ["new", "new"], metadata: { b: 2 }, engine: "MODEL" });
    expect(await tagged("old")).toEqual([]);
    expect(await tagged("new")).toEqual([{ name: "changing" }]);
    await update({ tags: [] });
    expect(await tagged("new")).toEqual([]);
    await update({ metadata: { engine: "shell" } });
    expect(await agentNamed(gateway, "changing")).toMatchObject({ engine: "SHELL" });
  });

  test.each([
    ["tags", { tags: ["a b"] }],
    ["metadata", { metadata: 1 }],
    ["metadata.engine", { metadata: { engine: "x" } }],
    ["engine", { engine: "HANDLER" }],
    ["idleTimeoutSeconds", { idleTimeoutSeconds: 0 }],
    ["busyTimeoutSeconds", { busyTimeoutSeconds: 2_592_001 }],
    ["description", { description: "\0" }],
  ])("names %s for a bad one and changes nothing", async (field, bad) => {
    const before = await agentNamed(gateway, "changing");
    const refusal = await refusalOf(
      gateway,
      `mutation ($input: UpdateAgentInput!) { updateAgent(name: "changing", input: $input) { name } }`,
      { input: { description: "no", tags: ["no"], ...bad } },
    );
    expect(refusal).toMatchObject({ code: "BAD_USER_INPUT", field });
    expect(await agentNamed(gateway, "changing")).toEqual(before);
    expect(await tagged("no")).toEqual([]);
  });

  test("an agent that is missing and one that is deleted meanwhile are NOT_FOUND", async () => {
    expect(
      await refusalOf(gateway, `mutation { updateAgent(name: "nobody", input: { tags: ["x"] }) { name } }`),
    ).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("the states of an agent", () => {
  test("a worker outside makes it busy and idle, and each starts its own clock", async () => {
    await createAgent(gateway, "outside", { engine: "EXTERNAL" });
    const now = () => gateway.gateway.now().toISOString();
    await gateway.clock.advance(1);
    expect(await order(gateway, "setAgentBusy", "outside")).toMatchObject({
      state: "BUSY",
      busyFrom: now(),
      idleFrom: null,
    });
    await gateway.clock.advance(1);
    expect(await order(gateway, "setAgentBusy", "outside")).toMatchObject({ state: "BUSY", busyFrom: now() });
    expect(await order(gateway, "setAgentIdle", "outside")).toMatchObject({
      state: "IDLE",
      busyFrom: null,
      idleFrom: now(),
    });
  });

  test("moves by name in any case of letters, where the move is legal", async () => {
    await createAgent(gateway, "mover", { engine: "EXTERNAL" });
    const to = async (state: string) => (await order(gateway, "setAgentState", "mover", `state: "${state}"`)).state;
    expect(await to("Busy")).toBe("BUSY");
    expect(await to("idle")).toBe("IDLE");
    expect(await to("SLEPT")).toBe("SLEPT");
    expect(await to("slept")).toBe("SLEPT");
    expect(await to("init")).toBe("INIT");
  });

  test("refuses every other move with CONFLICT and the present state, and a word that is no state by its field", async () => {
    await createAgent(gateway, "strict", { engine: "EXTERNAL" });
    expect(await refused("setAgentState", "strict", `, state: "init"`)).toMatchObject({
      code: "CONFLICT",
      state: "IDLE",
    });
    expect(await refused("setAgentState", "strict", `, state: "dead"`)).toMatchObject({
      code: "BAD_USER_INPUT",
      field: "state",
    });
    await order(gateway, "sleepAgent", "strict");
    for (const mutation of ["setAgentBusy", "setAgentIdle"]) {
      expect(await refused(mutation, "strict")).toMatchObject({ code: "CONFLICT", state: "SLEPT" });
    }
    for (const state of ["busy", "idle"]) {
      expect(await refused("setAgentState", "strict", `, state: "${state}"`)).toMatchObject({ state: "SLEPT" });
    }
  });

  test("nobody outside makes an agent idle while the gateway itself answers for it", async () => {
    await createAgent(gateway, "answering");
    const { id } = await ask(gateway, "answering", "sleep 100");
    await untilItem(gateway, id, "tool_call");
    expect(await refused("setAgentIdle", "answering")).toMatchObject({ code: "CONFLICT", state: "BUSY" });
    await gateway.data(`mutation { cancelResponse(id: "${id}") { id } }`);
    expect(await agentNamed(gateway, "answering")).toMatchObject({ state: "IDLE" });
  });

  test("an agent whose response a worker takes before it is ready gets ready as BUSY", async () => {
    const hold = gateway.runtime.hold("ensureRunning");
    const { createAgent: agent } = await gateway.data(
      `mutation { createAgent(input: { name: "early", engine: EXTERNAL, prompt: "go" }) { responses { nodes { id } } } }`,
    );
    await hold.reached;
    const [{ id }] = agent.responses.nodes;
    await gateway.data(`mutation { updateResponse(id: "${id}", input: { status: PROCESSING }) { id } }`);
    hold();
    await gateway.settle();
    expect(await agentNamed(gateway, "early")).toMatchObject({ state: "BUSY" });
  });
});
