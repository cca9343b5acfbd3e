import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { limits } from "../../src/graphql/limits.ts";
import { serveWebSockets, type WebSockets } from "../../src/graphql/websocket.ts";
import { createGraphql } from "../../src/graphql/yoga.ts";
import { watchStalls } from "../../src/stalls.ts";
import { startTestGateway } from "../support/gateway.ts";
import { countListeners, overSocket, socketClient, watchOn } from "../support/live.ts";
import { beginResponse, complete, createQuietAgent, report } from "../support/worker.ts";

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
let listening: () => number;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { RAWORC_CORS_ORIGINS: "https://console.example" } });
  listening = countListeners(gateway.gateway.tail);
  await createQuietAgent(gateway, "talker");
});
afterAll(() => gateway.stop());

const address = (path = "/graphql") => `${gateway.url.replace("http", "ws")}${path}`;

/** Opens a socket by hand and answers how it closed. */
async function closeOf(socket: WebSocket, onOpen?: () => void): Promise<number> {
  if (onOpen) socket.once("open", onOpen);
  const [code] = (await once(socket, "close")) as [number];
  return code;
}

/** Opens a socket by hand and answers the status it was refused with, or that it was let in. */
async function statusOf(path: string, headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(address(path), "graphql-transport-ws", { headers });
  socket.on("error", () => undefined);
  const status = await Promise.race([
    once(socket, "open").then(() => 101),
    once(socket, "unexpected-response").then(([, response]) => (response as { statusCode: number }).statusCode),
  ]);
  socket.terminate();
  return status;
}

const send = (socket: WebSocket, message: object) => socket.send(JSON.stringify(message));

describe("a socket", () => {
  test.each([
    ["of the page itself", () => ({ origin: gateway.url }), 101],
    ["of a page that may call", () => ({ origin: "https://console.example" }), 101],
    ["of any other page", () => ({ origin: "https://elsewhere.example" }), 403],
    ["of no page at all", () => ({}), 101],
  ])("%s is let in or not by its origin", async (_which, headers, status) => {
    expect(await statusOf("/graphql", headers())).toBe(status);
  });

  test("with a token in its address, where logs would keep it, is refused", async () => {
    expect(await statusOf("/graphql?token=abc")).toBe(400);
    expect(await statusOf("/graphql?x=1&access_token=abc")).toBe(400);
  });

  test("at any other address is refused", async () => {
    expect(await statusOf("/elsewhere")).toBe(404);
  });

  test("that speaks no protocol we know is closed with 4406, or not agreed to at all", async () => {
    expect(await closeOf(new WebSocket(address()))).toBe(4406);
    const older = new WebSocket(address(), "graphql-ws");
    await expect(once(older, "open")).rejects.toThrow("Server sent no subprotocol");
  });

  test("that asks before it said who it is is closed with 4401", async () => {
    const socket = new WebSocket(address(), "graphql-transport-ws");
    const ask = () => send(socket, { type: "subscribe", id: "1", payload: { query: "{ version { api } }" } });
    expect(await closeOf(socket, ask)).toBe(4401);
  });

  test("whose messages are too large is closed with 1009", async () => {
    const socket = new WebSocket(address(), "graphql-transport-ws");
    expect(await closeOf(socket, () => socket.send("x".repeat(gateway.config.maxBodyBytes + 1)))).toBe(1009);
  });

  test("whose messages make no sense is closed with 4400", async () => {
    const socket = new WebSocket(address(), "graphql-transport-ws");
    expect(await closeOf(socket, () => socket.send("nonsense"))).toBe(4400);
  });

  test("takes a hundred subscriptions and is closed with 4429 at one more", async () => {
    const client = socketClient(gateway);
    // Of different things, for what is the same would be listened to once.
    const query = `subscription ($tag: String!) { agentsChanged(filter: { tags: [$tag] }) { name } }`;
    const watching = Array.from({ length: limits.subscriptionsPerSocket }, (_, place) =>
      watchOn(client, { query, variables: { tag: `tag${place}` } }).next(),
    );
    await expect.poll(listening).toBe(limits.subscriptionsPerSocket);
    await expect(watchOn(client, { query, variables: { tag: "more" } }).next()).rejects.toBeDefined();
    const ends = await Promise.allSettled(watching);
    expect(ends).toEqual(
      watching.map(() => expect.objectContaining({ reason: expect.objectContaining({ code: 4429 }) })),
    );
    await expect.poll(listening).toBe(0);
  });

  test("may make any number of mistakes one after the other", async () => {
    const client = socketClient(gateway);
    for (let count = 0; count <= limits.subscriptionsPerSocket; count++) {
      await expect(watchOn(client, { query: "{ nothing }" }).next()).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
    expect(await watchOn(client, { query: "{ version { api } }" }).next()).toEqual({ version: { api: "v0" } });
    await client.dispose();
  });
});

describe("a reader that stops reading", () => {
  let server: Server;
  let sockets: WebSockets;
  let stopWatching: () => void;
  let sentAway = 0;
  const patience = { ...limits.sockets, closeMs: 10_000 };
  const near = () => ({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    adminToken: gateway.adminToken,
  });

  beforeAll(async () => {
    server = createServer();
    const yoga = createGraphql(gateway.gateway, gateway.auth);
    sockets = serveWebSockets(gateway.gateway, yoga, server, patience);
    stopWatching = watchStalls(server, 500, (connection) => {
      if (sockets.sendAway(connection)) sentAway++;
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  const nobodyListens = () => expect.poll(listening).toBe(0);
  afterEach(nobodyListens);
  afterAll(async () => {
    stopWatching();
    await sockets.close();
    server.close();
  });

  const progress = `subscription ($id: ID!, $after: Int) { responseProgress(id: $id, after: $after) { seq status item { raw } } }`;

  test("is sent away to come back with its cursor, and neither delays others nor misses anything", async () => {
    const id = await beginResponse(gateway, "talker");
    let socketOfSlow: WebSocket | undefined;
    const client = socketClient(near(), {
      on: { opened: (socket) => void (socketOfSlow = socket as WebSocket) },
    });
    const slow = watchOn(client, { query: progress, variables: { id } });
    const seen = [(await slow.next()).responseProgress.seq];
    socketOfSlow?.pause();
    const quick = overSocket(near(), { query: progress, variables: { id } });
    const steps = 16;
    for (let count = 0; count < steps; count++) {
      await report(gateway, id, { output: { items: [{ type: "data", text: "x".repeat(600_000) }] } });
    }
    const shown = [];
    while (shown.length < steps + 2) shown.push((await quick.next()).responseProgress.seq);
    // That nobody listens for the slow one says nothing: one with much waiting is not read for until that has left.
    await expect.poll(() => sentAway, { timeout: 5000 }).toBe(1);
    expect(listening()).toBe(1);
    socketOfSlow?.resume();
    expect((await readUntilClosed(slow, seen)).code).toBe(1013);
    await complete(gateway, id, "done");
    const again = await overSocket(near(), { query: progress, variables: { id, after: seen.at(-1) } }).rest();
    seen.push(...again.map(({ responseProgress }) => responseProgress.seq));
    expect(seen).toEqual(seen.map((_seq, place) => place + 1));
    expect(seen).toHaveLength(steps + 3);
    await quick.rest();
  });

  test("costs no more memory the longer it lasts: what waits for it is limited", async () => {
    const client = new WebSocket(`${near().url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    const [[connection]] = (await Promise.all([once(server, "connection"), once(client, "open")])) as [
      [Socket],
      unknown,
    ];
    send(client, { type: "connection_init", payload: {} });
    await once(client, "message");
    client.pause();
    // Each ping wants an answer of its own size, and nobody takes the answers.
    const ping = JSON.stringify({ type: "ping", payload: { text: "x".repeat(900_000) } });
    const sent = Array.from({ length: 60 }, () => new Promise((resolve) => client.send(ping, resolve)));
    await Promise.all(sent);
    expect(connection.writableLength).toBeLessThan((limits.messagesWaiting + 2) * gateway.config.maxBodyBytes);
    client.resume();
    expect(await closeOf(client)).toBe(1013);
  });
});

test("a socket that does not say in time who it is is closed with 4408", async () => {
  const server = createServer();
  const yoga = createGraphql(gateway.gateway, gateway.auth);
  const sockets = serveWebSockets(gateway.gateway, yoga, server, { ...limits.sockets, initWaitMs: 50 });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  expect(await closeOf(new WebSocket(`ws://127.0.0.1:${port}/graphql`, "graphql-transport-ws"))).toBe(4408);
  await sockets.close();
  server.close();
});

async function readUntilClosed(watching: ReturnType<typeof watchOn>, seen: number[]): Promise<{ code: number }> {
  for (;;) {
    try {
      const value = await watching.next();
      if (value === undefined) throw new Error("It ended as if nothing had happened");
      seen.push(value.responseProgress.seq);
    } catch (error) {
      return error as { code: number };
    }
  }
}
