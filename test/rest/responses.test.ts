import { afterAll, afterEach, describe, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";
import { ask, makeAgent, refusalBody, send } from "./rest.ts";

const gateway = await startTestGateway({ env: { RAWORC_ENGINE: "external" } });
afterAll(() => gateway.stop());
afterEach(() => gateway.gateway.store.agent.deleteMany());

const path = "/agents/demo/responses";
const get = async (id = "") => (await send(gateway, "GET", `${path}${id && `/${id}`}`)).json;
const post = (body: unknown) => send(gateway, "POST", path, { body });
const put = (id: string, body: unknown, token?: string) => send(gateway, "PUT", `${path}/${id}`, { body, token });
const demo = (body?: object) => makeAgent(gateway, "demo", body);
const workerToken = async (name: string) =>
  (await gateway.data(`mutation ($name: ID!) { createAgentToken(name: $name) { token } }`, { name })).createAgentToken
    .token as string;

describe("asking an agent", () => {
  test("answers at once with a pending response that takes any JSON object", async () => {
    await demo();
    const input = { text: "hi", deep: { list: [1, null, { a: "b" }] } };
    const { status, json } = await post({ input });
    expect(status).toBe(200);
    expect(json).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      agent_name: "demo",
      status: "pending",
      input,
      output: { text: "", items: [] },
      created_at: "2026-01-01T00:00:00.000Z",
      updated_at: "2026-01-01T00:00:00.000Z",
    });
  });

  test("with background false waits for the end and shows every step", async () => {
    await demo({ metadata: { engine: "shell" } });
    const { status, json } = await post({ input: { text: "echo hello" }, background: false });
    expect([status, json.status, json.output.text]).toEqual([200, "completed", "hello\n"]);
    expect(json.output.items).toEqual([
      { type: "tool_call", tool: "bash", args: expect.objectContaining({ command: "echo hello" }) },
      { type: "tool_result", tool: "bash", output: "[exit_code:0]\nhello\n" },
      { type: "final", channel: "final", text: "hello\n" },
    ]);
    expect(await get(json.id)).toEqual(json);
  });

  test("answers with a response that failed, for that is an answer too", async () => {
    await demo({ metadata: { engine: "shell" } });
    const { status, json } = await post({ input: { text: "exit 3" }, background: false });
    expect([status, json.status]).toEqual([200, "failed"]);
  });

  test("wakes a sleeper", async () => {
    await demo();
    await send(gateway, "POST", "/agents/demo/sleep");
    expect((await post({ input: { text: "hi" } })).json.status).toBe("pending");
    expect((await send(gateway, "GET", "/agents/demo")).json.state).not.toBe("slept");
  });

  test.each([
    ["no input", {}, '"input" is required'],
    ["a text for an input", { input: "hi" }, '"input" must be a JSON object'],
    ["a text that is none", { input: { text: 5 } }, '"input.text" must be a string'],
    ["a word for a yes", { input: {}, background: "false" }, '"background" must be true or false'],
  ])("answers 400 for %s", async (_what, body, message) => {
    await demo();
    const refused = await post(body);
    expect(refused.status).toBe(400);
    expect(refused.json).toEqual(refusalBody("BAD_USER_INPUT", message));
    expect(await get()).toEqual([]);
  });
});

describe("reporting on a response", () => {
  test("text replaces, items are appended, other keys overwrite, input replaces", async () => {
    await demo();
    const id = await ask(gateway, "demo", "hi");
    const call = { type: "tool_call", tool: "bash", args: { command: "ls" } };
    const result = { type: "tool_result", tool: "bash", output: { files: [] } };
    await put(id, { status: "PROCESSING", output: { text: "a", items: [call], score: 1, kept: true } });
    const { json } = await put(id, { input: { text: "ho" }, output: { text: "b", items: [result], score: 2 } });
    expect(json).toMatchObject({ status: "processing", input: { text: "ho" } });
    expect(json.output).toEqual({ text: "b", items: [call, result], score: 2, kept: true });
    expect(Object.keys(json.output).slice(0, 2)).toEqual(["text", "items"]);
  });

  test("an ended one refuses with 409", async () => {
    await demo();
    const id = await ask(gateway, "demo", "hi");
    await put(id, { status: "failed" });
    const refused = await put(id, { output: { text: "late" } });
    expect([refused.status, refused.json.error.code]).toEqual([409, "CONFLICT"]);
    expect(refused.json.message).toContain("failed");
  });

  test.each([
    ["a status that is none", { status: "done" }],
    ["cancelling", { status: "cancelled" }],
    ["items that are no list", { output: { items: {} } }],
    ["an item without a type", { output: { items: [{ text: "x" }] } }],
    ["a text that is none", { output: { text: 5 } }],
  ])("answers 400 for %s", async (_what, body) => {
    await demo();
    const { status, json } = await put(await ask(gateway, "demo", "hi"), body);
    expect([status, json.error.code]).toEqual([400, "BAD_USER_INPUT"]);
  });

  test("a worker's token does it for its own agent, and for no other", async () => {
    await demo();
    await makeAgent(gateway, "other");
    const id = await ask(gateway, "demo", "hi");
    const token = await workerToken("demo");
    expect((await send(gateway, "GET", path, { token })).json).toHaveLength(1);
    expect((await put(id, { status: "completed" }, token)).json.status).toBe("completed");
    expect((await put(await ask(gateway, "demo", "ho"), {}, await workerToken("other"))).status).toBe(404);
    expect((await send(gateway, "GET", "/auth", { token })).json).toEqual({
      user: "agent:demo",
      type: "User",
      roles: [],
    });
    expect((await send(gateway, "GET", "/auth/me", { token })).json).toMatchObject({ namespace: null, type: "Worker" });
  });
});

describe("a response of another agent", () => {
  test("counts as missing, for reading and for reporting", async () => {
    await demo();
    await makeAgent(gateway, "other");
    const id = await ask(gateway, "other", "hi");
    for (const method of ["GET", "PUT"]) {
      const { status, json } = await send(gateway, method, `${path}/${id}`);
      expect([status, json.message]).toEqual([404, `Response "${id}" was not found`]);
    }
    expect((await send(gateway, "GET", `/agents/OTHER/responses/${id}`)).json.id).toBe(id);
  });
});

describe("listing responses", () => {
  test("goes by time, in pages", async () => {
    await demo();
    const ids = [];
    for (const text of ["a", "b", "c"]) ids.push(await ask(gateway, "demo", text));
    const page = async (query: string) =>
      (await send(gateway, "GET", `${path}?${query}`)).json.map(({ id }: { id: string }) => id);
    expect(await page("")).toEqual(ids);
    expect(await page("limit=2&offset=1")).toEqual(ids.slice(1));
    expect((await send(gateway, "GET", `${path}/count`)).json).toEqual({ count: 3, agent_name: "demo" });
  });
});

describe("cancelling an agent", () => {
  test("ends what is unfinished and says whether there was anything", async () => {
    await demo();
    const id = await ask(gateway, "demo", "hi");
    const cancel = () => send(gateway, "POST", "/agents/demo/cancel");
    expect((await cancel()).json).toEqual({ status: "ok", agent: "demo", cancelled: true });
    expect((await get(id)).status).toBe("cancelled");
    expect((await cancel()).json).toEqual({ status: "ok", agent: "demo", cancelled: false });
  });
});
