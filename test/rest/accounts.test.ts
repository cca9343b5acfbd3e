import { afterAll, describe, expect, test } from "vitest";
import { createMemoryRuntime } from "../../src/runtime/memory/memory-runtime.ts";
import { accountToken } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { refusalBody, send } from "./rest.ts";

const runtime = createMemoryRuntime();
const gateway = await startTestGateway({ runtime, env: { RAWORC_MAX_LOGINS_PER_MINUTE: "3" } });
afterAll(() => gateway.stop());
const plain = await accountToken(gateway, "plain");

const login = (user: unknown, pass: unknown) =>
  send(gateway, "POST", "/auth/login", { token: null, body: { user, pass } });

describe("logging in", () => {
  test("answers with a token that is good at once, and that nobody may keep", async () => {
    const { status, json, headers } = await login("admin", "admin");
    expect(status).toBe(200);
    expect(json).toEqual({
      token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: "Bearer",
      expires_at: "2026-01-02T00:00:00.000Z",
      user: "admin",
      role: "admin",
    });
    expect(headers.get("cache-control")).toBe("no-store");
    expect((await send(gateway, "GET", "/auth", { token: json.token })).status).toBe(200);
  });

  test("answers 400 when a field is missing", async () => {
    for (const [user, pass] of [
      ["admin", null],
      [null, "admin"],
      ["admin", ""],
      ["", "admin"],
      [5, "admin"],
    ]) {
      expect((await login(user, pass)).status).toBe(400);
    }
  });

  test("refuses a wrong password and an unknown user alike, then asks to wait", async () => {
    const wrong = await login("someone", "wrong password");
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get("www-authenticate")).toMatch(/^Bearer/);
    expect(wrong.json).toEqual(refusalBody("UNAUTHENTICATED", "User name or password is wrong"));
    expect((await login("admin", "wrong password")).text).toBe(wrong.text);

    await login("someone", "wrong password");
    const limited = await login("someone", "wrong password");
    expect([limited.status, limited.json.error.code]).toEqual([429, "RATE_LIMITED"]);
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

describe("one's own profile", () => {
  test("names the user, the type and the roles", async () => {
    expect((await send(gateway, "GET", "/auth")).json).toEqual({ user: "admin", type: "Admin", roles: ["admin"] });
    expect((await send(gateway, "GET", "/auth/me")).json).toEqual({
      user: "admin",
      namespace: null,
      type: "ServiceAccount",
      roles: ["admin"],
    });
  });

  test("of somebody without a role is that of a user", async () => {
    expect((await send(gateway, "GET", "/auth", { token: plain })).json).toEqual({
      user: "plain",
      type: "User",
      roles: [],
    });
  });
});

describe("health", () => {
  test("is 503 with what was found while the container engine is away", async () => {
    runtime.away(true);
    const { status, json } = await send(gateway, "GET", "/health", { token: null });
    runtime.away(false);
    expect(status).toBe(503);
    expect(json).toEqual({
      status: "unavailable",
      checks: [
        { name: "database", ok: true, message: "answers" },
        { name: "runtime", ok: false, message: "does not answer" },
      ],
      ...refusalBody("UNAVAILABLE", "Away: runtime"),
    });
    expect((await send(gateway, "GET", "/health", { token: null })).text).toBe("OK");
  });
});
