import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { readConfig } from "../../src/config.ts";
import { startTestGateway } from "../support/gateway.ts";

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
beforeAll(async () => {
  gateway = await startTestGateway({
    env: { RAWORC_HOSTS: "gateway.example, Other.Example.", RAWORC_CORS_ORIGINS: "*" },
  });
});
afterAll(() => gateway.stop());

const own = [
  "localhost",
  "LocalHost:9000",
  "localhost.",
  "raworc.localhost:9000",
  "127.0.0.1",
  "127.0.0.1:9000",
  "192.0.2.1:9000",
  "[::1]",
  "[::1]:9000",
  "gateway.example",
  "GATEWAY.example.:443",
  "other.example:8443",
];
const foreign = [
  "attacker.example",
  "attacker.example:9000",
  "localhost.attacker.example",
  "notlocalhost",
  "127.0.0.1.attacker.example:9000",
  "sub.gateway.example",
  "gateway.example.attacker.example",
  "[localhost.attacker.example]",
  "[::1].attacker.example",
  "127.0.0.1:9000:attacker.example",
  "attacker.example:localhost",
  ":9000",
];

describe("a gateway on loopback", () => {
  test.each(own)("is called by %j, over HTTP and by sockets", async (host) => {
    expect((await answerTo(gateway, "/api/v0/version", host)).status).toBe(200);
    expect((await upgradeTo(gateway, host)).status).toBe(101);
  });

  test.each(foreign)("is not called by %j, neither over HTTP nor by sockets", async (host) => {
    expect((await answerTo(gateway, "/api/v0/version", "localhost")).status).toBe(200);
    expect((await answerTo(gateway, "/api/v0/version", host)).status).toBe(403);
    expect((await answerTo(gateway, "/api/v0/version", host)).status).toBe(403);
    expect((await upgradeTo(gateway, host)).status).toBe(403);
  });

  test("answers whoever names no host at all, for that is no browser", async () => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    socket.write("GET /api/v0/version HTTP/1.0\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1\.\d 200 /);
  });

  const message = 'This gateway is not known as "attacker.example:9000"; if it should be, list it in RAWORC_HOSTS';

  test.each(["/api/v0/agents", "/metrics", "/health", "/", "/nowhere"])(
    "says at %s in the usual words which setting lists its names",
    async (path) => {
      const answer = await answerTo(gateway, path, "attacker.example:9000");
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body)).toEqual({ message, error: { code: "FORBIDDEN", message } });
    },
  );

  test("says so to GraphQL's callers in theirs, and to those who want a socket", async () => {
    const answer = await answerTo(gateway, "/graphql?query={version{api}}", "attacker.example:9000");
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toEqual({ errors: [{ message, extensions: { code: "FORBIDDEN" } }] });
    expect(await upgradeTo(gateway, "attacker.example:9000")).toEqual({ status: 403, body: message });
  });

  test("lets a page log in whose name leads to this machine only when the name is listed", async () => {
    const body = JSON.stringify({ user: "admin", pass: "admin" });
    const statusAt = async (host: string) => (await answerTo(gateway, "/api/v0/auth/login", host, body)).status;
    expect(await statusAt("attacker.example")).toBe(403);
    expect(await statusAt("gateway.example")).toBe(200);
  });
});

test("a gateway that listens elsewhere is called by any name", async () => {
  const open = await startTestGateway({ env: { HOST: "0.0.0.0", RAWORC_ADMIN_PASSWORD: "admin" } });
  expect((await answerTo(open, "/api/v0/version", "whatever.example")).status).toBe(200);
  expect((await upgradeTo(open, "whatever.example")).status).toBe(101);
  await open.stop();
});

test.each(["http://gateway.example", "gateway.example:443", "*.example", "*", "a b", "[::1]", ".example"])(
  "RAWORC_HOSTS=%s is refused at the start",
  (hosts) => {
    expect(() => readConfig({ RAWORC_HOSTS: hosts })).toThrow(`RAWORC_HOSTS is "${hosts}"; allowed: a comma-separated`);
  },
);

interface Reached {
  readonly url: string;
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

/** Asks as a browser would that knows the gateway by that name. */
async function answerTo({ url }: Reached, path: string, host: string, sent?: string): Promise<Answer> {
  const method = sent === undefined ? "GET" : "POST";
  const asking = request(`${url}${path}`, { method, headers: { host, "content-type": "application/json" } });
  asking.end(sent);
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  return read(answer);
}

const read = async (answer: IncomingMessage): Promise<Answer> => ({
  status: answer.statusCode,
  body: await text(answer),
});

async function upgradeTo({ url }: Reached, host: string): Promise<Answer> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws", { headers: { host } });
  socket.on("error", () => undefined);
  try {
    return await Promise.race([
      once(socket, "open").then(() => ({ status: 101, body: "" })),
      once(socket, "unexpected-response").then(([, answer]) => read(answer as IncomingMessage)),
    ]);
  } finally {
    socket.terminate();
  }
}
