import { afterAll, describe, expect, test } from "vitest";
import {
  accountToken,
  agentNamed,
  answerOf,
  ask,
  createAgent,
  refusalOf,
  storyOf,
  untilItem,
} from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

let gateway = await startTestGateway();
afterAll(() => gateway.stop());

const remove = (name: string) => gateway.data(`mutation { deleteAgent(name: "${name}") { name } }`);
const inventory = async () => {
  const { containers, volumes } = await gateway.runtime.list();
  return [containers.length, volumes.length];
};

describe("deleting an agent", () => {
  test("removes its container, volume, responses and secrets, and answers with its name", async () => {
    const before = await inventory();
    await createAgent(gateway, "Doomed", { secrets: { KEY: "value" }, tags: ["gone"] });
    await answerOf(gateway, "doomed", "echo hi > file");
    expect(await remove("doomed")).toEqual({ deleteAgent: { name: "Doomed" } });
    await gateway.settle();
    expect(await inventory()).toEqual(before);
    const { store } = gateway.gateway;
    const left = [store.agent, store.computer, store.response, store.secret, store.agentTag];
    expect(await Promise.all(left.map((table) => (table as typeof store.agent).count()))).toEqual([0, 0, 0, 0, 0]);
    expect(await refusalOf(gateway, `{ agent(name: "doomed") { name } }`)).toMatchObject({ code: "NOT_FOUND" });
  });

  test("frees the name at once for an agent with nothing of the old one", async () => {
    await createAgent(gateway, "phoenix");
    await answerOf(gateway, "phoenix", "echo old > ash");
    const hold = gateway.runtime.hold("removeVolume");
    await remove("phoenix");
    await gateway.data(`mutation { createAgent(input: { name: "PHOENIX", engine: SHELL }) { name } }`);
    hold();
    expect(await answerOf(gateway, "phoenix", "ls")).toMatchObject({ output: { text: "" } });
    expect((await agentNamed(gateway, "phoenix")).name).toBe("PHOENIX");
  });

  test("ends what was running and what waited as AGENT_DELETED, each once", async () => {
    await createAgent(gateway, "halfway");
    const running = await ask(gateway, "halfway", "sleep 100");
    const waiting = await ask(gateway, "halfway", "true");
    await untilItem(gateway, running.id, "tool_call");
    await remove("halfway");
    await gateway.settle();
    const story = await storyOf(gateway, running.id);
    expect(story).toEqual(["PENDING", "PROCESSING", "tool_call", "tool_result", "FAILED AGENT_DELETED"]);
    expect(await storyOf(gateway, waiting.id)).toEqual(["PENDING", "FAILED AGENT_DELETED"]);
    expect(await refusalOf(gateway, `{ response(id: "${running.id}") { id } }`)).toMatchObject({ code: "NOT_FOUND" });
  });

  test("answers a caller who waits for a response of it with NOT_FOUND, not with an internal error", async () => {
    await createAgent(gateway, "awaited", { engine: "EXTERNAL" });
    const waits = refusalOf(
      gateway,
      `mutation { createResponse(agent: "awaited", input: { text: "x" }, wait: true) { id } }`,
    );
    while ((await gateway.gateway.store.response.count({ where: { agent: { name: "awaited" } } })) === 0);
    await remove("awaited");
    expect(await waits).toMatchObject({ code: "NOT_FOUND" });
  });

  test("is not lost when the engine is away, nor when the gateway restarts meanwhile", async () => {
    await gateway.settle();
    const before = await inventory();
    await createAgent(gateway, "stubborn");
    gateway.runtime.away(true);
    await remove("stubborn");
    expect(await refusalOf(gateway, `{ agent(name: "stubborn") { name } }`)).toMatchObject({ code: "NOT_FOUND" });
    gateway = await gateway.restart();
    gateway.runtime.away(false);
    await gateway.clock.advance(0);
    expect(await inventory()).toEqual(before);
  });

  test("is done once when several ask for it at once", async () => {
    await createAgent(gateway, "popular");
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => gateway.graphql(`mutation { deleteAgent(name: "popular") { name } }`)),
    );
    const codes = answers.map(({ errors }) => errors?.[0]?.extensions.code ?? "done");
    expect(codes.filter((code) => code === "done")).toHaveLength(1);
    expect(new Set(codes)).toEqual(new Set(["done", "NOT_FOUND"]));
  });

  test("is refused to those who may not, and hidden from those who may not know", async () => {
    await createAgent(gateway, "guarded");
    const deletion = `mutation { deleteAgent(name: "guarded") { name } }`;
    const developer = await accountToken(gateway, "developer1", "developer");
    const nobody = await accountToken(gateway, "nobody1");
    expect(await refusalOf(gateway, deletion, {}, developer)).toMatchObject({ code: "FORBIDDEN" });
    expect(await refusalOf(gateway, deletion, {}, nobody)).toMatchObject({ code: "NOT_FOUND" });
    expect(await refusalOf(gateway, deletion, {}, null)).toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
