import { afterAll, afterEach, describe, expect, test } from "vitest";
import { accountToken } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { ask, makeAgent, refusalBody, send } from "./rest.ts";

const gateway = await startTestGateway({ env: { RAWORC_ENGINE: "external" } });
afterAll(() => gateway.stop());
afterEach(() => gateway.gateway.store.agent.deleteMany());

const get = async (path: string, token?: string | null) => (await send(gateway, "GET", path, { token })).json;
const post = (path: string, body?: object, token?: string) => send(gateway, "POST", path, { body, token });
const put = (path: string, body?: object) => send(gateway, "PUT", path, { body });
const names = (agents: readonly { readonly name: string }[]) => agents.map(({ name }) => name);

describe("creating an agent", () => {
  test("takes every documented field, and shows no private one", async () => {
    const { status, json } = await post("/agents", {
      name: "Full-1",
      description: "everything",
      metadata: { deep: { list: [1, null] } },
      tags: ["a1", "b"],
      secrets: { TOKEN: "s3cret" },
      instructions: "Be kind.",
      setup: "true",
      prompt: "begin",
      idle_timeout_seconds: 60,
      busy_timeout_seconds: 120,
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ metadata: { deep: { list: [1, null] } }, tags: ["a1", "b"] });
    expect(json).toMatchObject({ idle_timeout_seconds: 60, busy_timeout_seconds: 120 });
    expect(Object.keys(json)).toHaveLength(17);
    expect(JSON.stringify([json, await get("/agents")])).not.toMatch(/s3cret|kind|begin/);
    expect((await get("/agents/Full-1/responses"))[0].input).toEqual({ text: "begin" });
  });

  test("answers 409 for a taken name, in any case of letters", async () => {
    await makeAgent(gateway, "demo");
    const refused = await post("/agents", { name: "DEMO" });
    expect(refused.status).toBe(409);
    expect(refused.json).toEqual(refusalBody("CONFLICT", 'Agent "DEMO" already exists'));
  });

  test.each([
    ["a name of one letter", { name: "a" }, '"name"'],
    ["a name with a space", { name: "a b" }, '"name"'],
    ["a name of 64 letters", { name: "a".repeat(64) }, '"name"'],
    ["a tag with a sign", { name: "demo", tags: ["a-b"] }, "a-b"],
    ["a timeout of nothing", { name: "demo", idle_timeout_seconds: 0 }, '"idle_timeout_seconds"'],
    ["a secret that is no text", { name: "demo", secrets: { A: 5 } }, '"secrets.A" must be a string'],
    ["an engine that is none", { name: "demo", metadata: { engine: "steam" } }, '"metadata.engine"'],
  ])("answers 400 for %s", async (_what, body, word) => {
    const { status, json } = await post("/agents", body);
    expect(status).toBe(400);
    expect(json).toEqual(refusalBody("BAD_USER_INPUT", expect.stringContaining(word)));
  });

  test("answers 403 to those who may not", async () => {
    const token = await accountToken(gateway, "nobody");
    const { status, json } = await post("/agents", { name: "demo" }, token);
    expect([status, json.error.code]).toEqual([403, "FORBIDDEN"]);
  });
});

describe("listing agents", () => {
  test("filters by state, by all of the tags and by a part of name or description", async () => {
    await makeAgent(gateway, "one", { tags: ["a", "b"], description: "Reads mail" });
    await makeAgent(gateway, "two", { tags: ["b"] });
    await post("/agents/two/sleep");
    const found = async (query: string) => names(await get(`/agents?${query}`));

    expect(await found("")).toEqual(["one", "two"]);
    expect(await found("state=slept")).toEqual(["two"]);
    expect(await found("state=SLEPT")).toEqual(["two"]);
    expect(await found("tags=b")).toEqual(["one", "two"]);
    expect(await found("tags=b,a")).toEqual(["one"]);
    expect(await found("q=mail")).toEqual(["one"]);
    expect(await found("q=TW")).toEqual(["two"]);
    expect(await found("state=slept&tags=a")).toEqual([]);
    expect(await found("state=&tags=&q=&other=x")).toEqual(["one", "two"]);
  });

  test("answers 400 for a state or a tag that cannot be", async () => {
    expect((await get("/agents?state=tired")).message).toBe('"state" must be one of init, idle, busy, slept');
    expect((await send(gateway, "GET", "/agents?tags=a-b")).status).toBe(400);
  });

  test("shows others only what they may see", async () => {
    await makeAgent(gateway, "demo");
    const token = await accountToken(gateway, "visitor");
    const { json, headers } = await send(gateway, "GET", "/agents", { token });
    expect([json, headers.get("x-total-count")]).toEqual([[], "0"]);
  });
});

describe("changing an agent", () => {
  test("replaces what is given and keeps what is left out or null", async () => {
    await makeAgent(gateway, "demo", { description: "old", tags: ["a"], metadata: { k: 1 } });
    const { json } = await put("/agents/DEMO", {
      metadata: { n: 2 },
      tags: [],
      description: null,
      idle_timeout_seconds: 9,
    });
    expect(json).toMatchObject({
      name: "demo",
      metadata: { n: 2 },
      tags: [],
      description: "old",
      idle_timeout_seconds: 9,
    });
  });
});

describe("moving an agent by PUT state", () => {
  test("makes the legal moves, in any case of letters", async () => {
    await makeAgent(gateway, "demo");
    expect((await put("/agents/demo/state", { state: "BUSY" })).json).toEqual({ success: true, state: "busy" });
    expect((await put("/agents/demo/state", { state: "slept" })).json).toEqual({ success: true, state: "slept" });
    expect((await put("/agents/demo/state", { state: "init" })).json).toEqual({ success: true, state: "init" });
  });

  test("answers 409 with the present state to any other, and 400 to what is no state", async () => {
    await makeAgent(gateway, "demo");
    const refused = await put("/agents/demo/state", { state: "init" });
    expect([refused.status, refused.json.message]).toEqual([409, expect.stringContaining("while it is idle")]);
    expect((await put("/agents/demo/state", { state: "tired" })).status).toBe(400);
  });

  test("does not make a sleeper busy", async () => {
    await makeAgent(gateway, "demo");
    await post("/agents/demo/sleep");
    for (const order of ["busy", "idle"]) {
      const refused = await post(`/agents/demo/${order}`);
      expect([refused.status, refused.json.message]).toEqual([409, expect.stringContaining("while it is slept")]);
    }
  });
});

describe("sleep and wake", () => {
  test("repeated, succeed and change nothing; a prompt is still delivered", async () => {
    await makeAgent(gateway, "demo");
    expect((await post("/agents/demo/sleep", { note: "for the night" })).json.state).toBe("slept");
    expect((await post("/agents/demo/sleep")).json.state).toBe("slept");
    expect((await post("/agents/demo/wake")).json.state).toBe("init");
    await gateway.settle();
    expect((await post("/agents/demo/wake", { prompt: "again" })).json.state).toBe("idle");
    expect((await get("/agents/demo/responses")).map(({ input }: { input: object }) => input)).toEqual([
      { text: "again" },
    ]);
  });

  test("with a delay the agent sleeps when it is over", async () => {
    await makeAgent(gateway, "demo");
    expect((await post("/agents/demo/sleep", { delay_seconds: 30 })).json.state).toBe("idle");
    await gateway.clock.advance(31);
    expect((await get("/agents/demo")).state).toBe("slept");
    expect((await post("/agents/demo/sleep", { delay_seconds: -1 })).json.message).toContain('"delay_seconds"');
  });
});

describe("publishing", () => {
  test("shows an agent to everyone, in full, until it is taken back", async () => {
    await makeAgent(gateway, "demo");
    expect((await send(gateway, "GET", "/published/agents/demo", { token: null })).status).toBe(404);
    const { json } = await post("/agents/demo/publish", { secrets: false });
    expect(json).toMatchObject({ is_published: true, published_by: "admin" });
    expect(json.publish_permissions).toEqual({ code: true, secrets: false, content: true });
    expect(await get("/published/agents/demo", null)).toEqual(json);
    expect(names(await get("/published/agents", null))).toEqual(["demo"]);

    await post("/agents/demo/unpublish");
    expect(await get("/published/agents", null)).toEqual([]);
    expect((await send(gateway, "GET", "/published/agents/demo", { token: null })).json).toEqual(
      refusalBody("NOT_FOUND", 'Published agent "demo" was not found'),
    );
  });

  test("anybody may remix what is permitted, and gets 403 for a part that is asked for and is not", async () => {
    await makeAgent(gateway, "demo");
    await post("/agents/demo/publish", { secrets: false });
    const token = await accountToken(gateway, "remixer");
    const refused = await post("/agents/demo/remix", { name: "mine", secrets: true }, token);
    expect([refused.status, refused.json.error.code]).toEqual([403, "FORBIDDEN"]);
    const { json } = await post("/agents/demo/remix", { name: "mine", metadata: { own: true } }, token);
    expect(json).toMatchObject({
      name: "mine",
      created_by: "remixer",
      parent_agent_name: "demo",
      metadata: { own: true },
    });
    expect((await post("/agents/demo/remix", { name: "MINE" }, token)).status).toBe(409);
    expect((await post("/agents/demo/remix", { name: "not good" }, token)).status).toBe(400);
  });
});

describe("deleting an agent", () => {
  test("takes its responses along, and a second time it is missing", async () => {
    await makeAgent(gateway, "demo");
    await ask(gateway, "demo", "hi");
    const { status, text, headers } = await send(gateway, "DELETE", "/agents/demo");
    expect([status, text, headers.get("content-length")]).toEqual([200, "", "0"]);
    expect((await send(gateway, "GET", "/agents/demo/responses")).status).toBe(404);
    expect((await send(gateway, "DELETE", "/agents/demo")).status).toBe(404);
  });

  test("is possible with an empty body that calls itself JSON", async () => {
    await makeAgent(gateway, "demo");
    const headers = { "content-type": "application/json" };
    expect((await send(gateway, "DELETE", "/agents/demo", { body: "", headers })).status).toBe(200);
  });
});

describe("an agent's runtime", () => {
  test("counts while its computer holds memory", async () => {
    await makeAgent(gateway, "demo", { idle_timeout_seconds: 1000 });
    await gateway.clock.advance(30);
    expect(await get("/agents/demo/runtime")).toEqual({
      agent_name: "demo",
      total_runtime_seconds: 30,
      current_session_seconds: 30,
    });
  });
});
