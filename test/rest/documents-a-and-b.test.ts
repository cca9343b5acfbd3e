import { afterAll, describe, expect, test } from "vitest";
import { makeRepositories, pythonAgent } from "../builds/repository.ts";
import { startTestGateway } from "../support/gateway.ts";
import { createSession } from "../support/sessions.ts";
import { send } from "./rest.ts";

const repositories = makeRepositories();
repositories.commit("Raworc/raworc-agent-python-demo", pythonAgent);
const gateway = await startTestGateway({ env: repositories.env });
afterAll(async () => {
  await gateway.stop();
  repositories.remove();
});

const isMoment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
const isText = expect.stringMatching(/./);

describe("document A, Health, Authentication and Error Responses", () => {
  test("GET /health answers OK, and GET /version the version of the API", async () => {
    expect(await send(gateway, "GET", "/health", { token: null })).toMatchObject({ status: 200, text: "OK" });
    const { json } = await send(gateway, "GET", "/version", { token: null });
    expect(json).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/), api: "v0" });
  });

  test("POST /auth/login answers a bearer token, and GET /auth/me whose it is", async () => {
    const login = (body: object) => send(gateway, "POST", "/auth/login", { body, token: null });
    const { status, json } = await login({ user: "admin", pass: "admin" });
    expect(status).toBe(200);
    expect(json).toMatchObject({ token: isText, token_type: "Bearer", expires_at: isMoment });
    expect((await send(gateway, "GET", "/auth/me", { token: json.token })).json).toMatchObject({
      user: "admin",
      namespace: null,
      type: "ServiceAccount",
    });
    expect((await login({ user: "admin" })).status).toBe(400);
    expect((await login({ user: "admin", pass: "wrong" })).status).toBe(401);
  });

  test("every error bears its message where A, B and C read it, and its code where B does", async () => {
    const { status, json } = await send(gateway, "GET", "/spaces/nowhere");
    expect(status).toBe(404);
    expect(json).toEqual({ message: isText, error: { code: "NOT_FOUND", message: json.message } });
  });
});

describe("document A, Space Builds", () => {
  test("the latest build is 404 until there is one, and then has its status and its times", async () => {
    await send(gateway, "POST", "/spaces", { body: { name: "built" } });
    expect((await send(gateway, "GET", "/spaces/built/build/latest")).status).toBe(404);
    await send(gateway, "POST", "/spaces/built/agents", {
      body: { name: "raworc-agent-python-demo", source_repo: "Raworc/raworc-agent-python-demo" },
    });
    await gateway.settle();
    const { status, json } = await send(gateway, "GET", "/spaces/built/build/latest");
    expect(status).toBe(200);
    expect(json).toMatchObject({ status: "completed", started_at: isMoment, completed_at: isMoment });

    const { json: byId } = await send(gateway, "GET", `/spaces/built/build/${json.id}`);
    expect(byId).toMatchObject({ id: expect.stringMatching(/^build-[0-9a-f-]{36}$/), logs: isText, ...json });
    expect((await send(gateway, "GET", "/spaces/built/build/build-none")).status).toBe(404);
  });

  test("POST /spaces/{name}/build orders one more", async () => {
    const { status, json } = await send(gateway, "POST", "/spaces/built/build");
    expect(status).toBe(200);
    await gateway.settle();
    expect((await send(gateway, "GET", "/spaces/built/build/latest")).json.id).toBe(json.id);
  });
});

describe("document B, Pagination and Filtering", () => {
  test.each(["/sessions?limit=20&offset=0", "/service-accounts?limit=50&offset=100", "/spaces?limit=10&offset=0"])(
    "GET %s answers a page, and what there is of it in its headers",
    async (path) => {
      const { status, json, headers } = await send(gateway, "GET", path);
      expect(status).toBe(200);
      expect(json).toBeInstanceOf(Array);
      const [, limit, offset] = /limit=(\d+)&offset=(\d+)/.exec(path) ?? [];
      expect(headers.get("x-total-count")).toMatch(/^\d+$/);
      expect([headers.get("x-page-limit"), headers.get("x-page-offset")]).toEqual([limit, offset]);
    },
  );

  test("sessions are filtered by workspace_name and state, spaces by active, and secrets show their values", async () => {
    const { id } = await createSession(gateway, { space: "built" });
    const ids = async (query: string) =>
      (await send(gateway, "GET", `/sessions?${query}`)).json.map((session: { id: string }) => session.id);
    expect(await ids("workspace_name=built")).toEqual([id]);
    expect(await ids("workspace_name=default")).toEqual([]);
    expect(await ids("state=IDLE")).toEqual([id]);
    expect(await ids("state=CLOSED")).toEqual([]);
    const names = (await send(gateway, "GET", "/spaces?active=true")).json.map((space: { name: string }) => space.name);
    expect(names.toSorted()).toEqual(["built", "default"]);
    await send(gateway, "POST", "/spaces/built/secrets", { body: { key_name: "KEY", value: "shown" } });
    const { json } = await send(gateway, "GET", "/spaces/built/secrets?show_values=true");
    expect(json).toMatchObject([{ key_name: "KEY", value: "shown" }]);
  });
});
