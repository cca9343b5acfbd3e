import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentRespondent } from "../../src/domain/responses/agent-respondent.ts";
import { answer } from "../../src/domain/responses/answer.ts";
import { claim } from "../../src/domain/responses/claim.ts";
import { bytesOf, mostItemBytes } from "../../src/domain/responses/response.ts";
import { sessionRespondent } from "../../src/domain/responses/session-respondent.ts";
import type { Engine, Exchange, ItemBody } from "../../src/engines/engine.ts";
import { readsOf } from "../lists/plans.ts";
import { answerOf, ask, createAgent, refusalOf, responseOf, responsesOf, storyOf } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { createSession, send, talk } from "../support/sessions.ts";

const gateway = await startTestGateway({ env: { RAWORC_MAX_BODY_BYTES: String(2 * mostItemBytes) } });
afterAll(() => gateway.stop());

const { store } = gateway.gateway;
const update = `mutation ($id: ID!, $input: UpdateResponseInput!) { updateResponse(id: $id, input: $input) { status } }`;
const note = (bytes: number) => ({ type: "note", text: "x".repeat(bytes) });
const report = (id: string, input: object) => gateway.data(update, { id, input });
const measuredOf = async (id: string) => (await store.response.findUniqueOrThrow({ where: { id } })).itemBytes;
const respondent = async (name: string) => agentRespondent(await store.agent.findUniqueOrThrow({ where: { name } }));

describe("the items of one response", () => {
  test("are counted in bytes, whoever records them", async () => {
    await createAgent(gateway, "counted");
    await createAgent(gateway, "worked", { engine: "EXTERNAL" });
    await answerOf(gateway, "counted", "echo één");
    const { id } = await ask(gateway, "worked", "hi");
    await report(id, { output: { items: [note(10), { type: "ü" }] } });
    await report(id, { status: "COMPLETED", output: { items: [note(3)] } });
    for (const name of ["counted", "worked"]) {
      const [{ id: each, output }] = await responsesOf(gateway, name);
      expect(output.items).toHaveLength(3);
      expect(await measuredOf(each)).toBe(bytesOf(output.items.map(({ raw }: { raw: ItemBody }) => raw)));
    }
  });

  test("may take 16 MiB: a worker that records more is refused and nothing of it is kept, yet it can end", async () => {
    await createAgent(gateway, "talks", { engine: "EXTERNAL" });
    const { id } = await ask(gateway, "talks", "hi");
    await report(id, { status: "PROCESSING" });
    for (let part = 0; part < 3; part++) await report(id, { output: { items: [note(mostItemBytes / 3 - 100)] } });
    const tooMuch = { id, input: { status: "COMPLETED", output: { text: "no", items: [note(300)] } } };
    expect(await refusalOf(gateway, update, tooMuch)).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    await report(id, { output: { items: [note(100)] } });
    await report(id, { status: "COMPLETED", output: { text: "done" } });
    expect((await storyOf(gateway, id)).join(" ")).toBe("PENDING PROCESSING note note note note COMPLETED");
    expect((await responseOf(gateway, id)).output.items).toHaveLength(4);
    expect(await measuredOf(id)).toBeLessThanOrEqual(mostItemBytes);
  });

  test("end a response that an engine of the gateway records too many for, with words that say so", async () => {
    await createAgent(gateway, "endless", { engine: "EXTERNAL" });
    const { id } = await ask(gateway, "endless", "hi");
    const asked = await respondent("endless");
    const claimed = await claim(gateway.gateway, asked, id, { engine: "MODEL", from: "IDLE", opening: [note(1)] });
    if (!claimed) throw new Error("was not claimed");
    const endless: Engine = {
      kind: "MODEL",
      async answer(job) {
        for (;;) await job.append(note(mostItemBytes / 2 - 100));
      },
    };
    await answer(gateway.gateway, endless, asked, claimed, new AbortController().signal);
    const { status, failure, output } = await responseOf(gateway, id);
    expect({ status, failure }).toMatchObject({
      status: "FAILED",
      failure: { reason: "STEP_LIMIT", message: `The items of response "${id}" may take 16777216 bytes at the most` },
    });
    expect(output.items).toHaveLength(3);
  });
});

describe("the items of several responses", () => {
  const listed = `query ($first: Int) { responses(agent: "many", first: $first) { nodes { id output { items { raw } } } } }`;
  const all: string[] = [];
  beforeAll(async () => {
    await createAgent(gateway, "many", { engine: "EXTERNAL" });
    for (const text of ["one", "two", "three"]) {
      const { id } = await ask(gateway, "many", text);
      await report(id, { status: "COMPLETED", output: { text, items: [{ type: text }] } });
      all.push(id);
    }
    await store.response.updateMany({ where: { id: { in: all } }, data: { itemBytes: mostItemBytes } });
  });

  test("are read together up to 32 MiB; more is refused and says to ask for fewer", async () => {
    gateway.gateway.memory.forgetAll();
    const { errors = [] } = await gateway.graphql(listed, { first: 3 });
    expect(errors[0]?.extensions).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    expect(errors[0]?.message).toContain("ask for fewer responses at a time");
    const { responses } = await gateway.data(listed, { first: 2 });
    expect(responses.nodes.map(({ output }: { output: { items: unknown[] } }) => output.items.length)).toEqual([1, 1]);
    expect((await responseOf(gateway, all[2] ?? "")).output.items).toEqual([{ type: "three", raw: { type: "three" } }]);
  });

  /** What is told, and by how many readings of items. */
  const toldBy = async (history: AsyncIterable<Exchange>) => {
    const told: string[] = [];
    const reads = await readsOf(async () => {
      for await (const { input, items } of history) told.push([input, ...items.map(({ type }) => type)].join(" "));
    });
    return { told, readings: reads.filter(({ sql }) => sql.includes("payload")).length };
  };

  test("are told to a model in portions of that size, of an agent and of a session", async () => {
    const agent = await respondent("many");
    const told = ["three three", "two two", "one one"];
    expect(await toldBy(agent.history(gateway.gateway, null))).toEqual({ told, readings: 2 });
    const { id } = await createSession(gateway);
    for (const text of ["echo 1", "echo 2", "echo 3"]) await talk(gateway, id, text);
    await store.response.updateMany({ where: { sessionId: id }, data: { itemBytes: mostItemBytes } });
    const { response } = await send(gateway, id, "true");
    const session = sessionRespondent(await store.session.findUniqueOrThrow({ where: { id } }));
    const items = "tool_call tool_result final";
    expect(await toldBy(session.history(gateway.gateway, response))).toEqual({
      told: [`echo 3 ${items}`, `echo 2 ${items}`, `echo 1 ${items}`],
      readings: 2,
    });
  });
});
