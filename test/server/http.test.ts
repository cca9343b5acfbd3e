import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { auditServer } from "graphql-http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountToken } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const start = () => startTestGateway({ env: { RAWORC_CORS_ORIGINS: "https://console.example" } });

let gateway: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  gateway = await start();
});
afterAll(() => gateway.stop());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}${path}`, { headers, redirect: "manual" });

describe("GraphQL over HTTP", () => {
  test("passes all 61 audits of its specification", async () => {
    const results = await auditServer({ url: `${gateway.url}/graphql` });
    expect(results.filter(({ status }) => status !== "ok").map(({ id, name }) => `${id} ${name}`)).toEqual([]);
    expect(results).toHaveLength(61);
  });
});

describe("every answer", () => {
  test("bears the id of its request: the caller's own where it is plain, else a new one", async () => {
    for (const path of ["/graphql?query={version{api}}", "/api/v0/version", "/metrics", "/nowhere"]) {
      expect((await get(path, { "x-request-id": "mine-1" })).headers.get("x-request-id")).toBe("mine-1");
      expect((await get(path, { "x-request-id": "not plain\t!" })).headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
    }
  });

  test("may be read by pages that are allowed to call, and by no others", async () => {
    for (const path of ["/graphql?query={version{api}}", "/api/v0/version"]) {
      const allowed = await get(path, { origin: "https://console.example" });
      expect(allowed.headers.get("access-control-allow-origin")).toBe("https://console.example");
      const other = await get(path, { origin: "https://elsewhere.example" });
      expect(other.headers.get("access-control-allow-origin")).toBeNull();
    }
    const preflight = await fetch(`${gateway.url}/graphql`, {
      method: "OPTIONS",
      headers: {
        origin: "https://console.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PATCH");
  });

  test("tells caches that pages of another origin get another, also when no page asked", async () => {
    expect((await get("/api/v0/version")).headers.get("vary")).toBe("Origin");
    expect((await get("/api/v0/version", { origin: "https://elsewhere.example" })).headers.get("vary")).toBe("Origin");
  });

  test("to a preflight of a page that is not allowed permits nothing", async () => {
    for (const path of ["/graphql", "/api/v0/agents"]) {
      const preflight = await fetch(`${gateway.url}${path}`, {
        method: "OPTIONS",
        headers: { origin: "https://elsewhere.example", "access-control-request-method": "POST" },
      });
      expect([...preflight.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });

  test("to OPTIONS that is no preflight says so, where no route has its own answer", async () => {
    const response = await fetch(`${gateway.url}/graphql`, { method: "OPTIONS" });
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: "BAD_USER_INPUT" } }]);
  });

  test("to what does not exist says so in the words of all other errors", async () => {
    const response = await get("/nowhere?token=abc");
    expect([response.status, await response.json()]).toEqual([
      404,
      {
        message: 'Route "GET /nowhere" was not found',
        error: { code: "NOT_FOUND", message: 'Route "GET /nowhere" was not found' },
      },
    ]);
  });
});

describe("a request without a body that says it has one", () => {
  test.for([
    ["POST", "/graphql", 400],
    ["POST", "/api/v0/auth/login", 400],
    ["DELETE", "/api/v0/agents/nobody", 404],
    ["POST", "/nowhere", 400],
  ] as const)("%s %s is answered at once", async ([method, path, status]) => {
    expect(await statusOfBare(method, path)).toBe(status);
  });
});

describe("/health", () => {
  test("is OK while database and runtime answer, and 503 with what is wrong when one does not", async () => {
    const well = await get("/health");
    expect([well.status, await well.text()]).toEqual([200, "OK"]);
    gateway.runtime.away(true);
    const ill = await get("/health");
    gateway.runtime.away(false);
    expect(ill.status).toBe(503);
    expect(JSON.stringify(await ill.json())).toContain("runtime");
  });
});

describe("/metrics", () => {
  test("tells of requests, events and sockets, by route and not by name", async () => {
    for (const path of ["/agents/some-secret-name", "/agents/some-secret-name", "/version"])
      await get(`/api/v0${path}`);
    const metrics = await (await get("/metrics")).text();
    expect(metrics).toContain("raworc_websockets 0");
    expect(metrics).toMatch(/raworc_events_total\{type="service-account.logged-in"\} \d/);
    expect(metrics).not.toContain("some-secret-name");
    expect(metrics.match(/# TYPE raworc_http_request_seconds histogram/g)).toHaveLength(1);
    const missing = { method: "GET", route: "/api/v0/agents/:name", status: "401" };
    expect(numberIn(metrics, "raworc_http_request_seconds_count", missing)).toBe(2);
    expect(numberIn(metrics, "raworc_http_request_seconds_bucket", { le: "60", ...missing })).toBe(2);
    expect(numberIn(metrics, "raworc_http_request_seconds_sum", missing)).toBeGreaterThan(0);
    const version = { method: "GET", route: "/api/v0/version", status: "200" };
    expect(numberIn(metrics, "raworc_http_request_seconds_count", version)).toBeGreaterThan(0);
  });

  test("from another machine are for administrators only", async () => {
    const from = (remoteAddress: string, token?: string) =>
      gateway.server.app.inject({
        url: "/metrics",
        remoteAddress,
        headers: token ? { authorization: `Bearer ${token}` } : {},
      });
    expect((await from("127.0.0.1")).statusCode).toBe(200);
    expect((await from("10.1.2.3")).statusCode).toBe(401);
    expect((await from("10.1.2.3", await accountToken(gateway, "curious", "developer"))).statusCode).toBe(403);
    expect((await from("10.1.2.3", gateway.adminToken)).statusCode).toBe(200);
  });
});

/** The number of a line with exactly these labels, in whatever order. */
function numberIn(metrics: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const isWanted = (line: string) =>
    line.startsWith(`${name}{`) &&
    line.split("=").length === wanted.length + 1 &&
    wanted.every((one) => line.includes(one));
  return Number(metrics.split("\n").find(isWanted)?.split(" ").at(-1));
}

/** As clients of few words send it: with a type, and with neither a length nor a body. */
async function statusOfBare(method: string, path: string): Promise<number> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  const authorization = `Bearer ${gateway.adminToken}`;
  const headers = { host: "localhost", connection: "close", "content-type": "application/json", authorization };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  return Number((await text(socket)).split(" ")[1]);
}
