import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { SocketOutlet } from "../../src/graphql/outlet.ts";
import { Payload } from "../../src/graphql/payload.ts";
import type { Outlet } from "../../src/graphql/reader.ts";

/** An outlet, and what has arrived at the other end of its socket. */
async function openOutlet(id: string) {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const outlet = new Promise<Outlet>((resolve) => {
    server.once("upgrade", (request, connection, head) =>
      sockets.handleUpgrade(request, connection, head, (socket) => resolve(new SocketOutlet(socket, connection, id))),
    );
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const arrived: string[] = [];
  client.on("message", (bytes: Buffer) => arrived.push(bytes.toString()));
  const stall = (stalls: boolean) => (stalls ? client.pause() : client.resume());
  const close = async () => {
    client.terminate();
    server.close();
    await once(server, "close");
  };
  return { id, outlet: await outlet, arrived, stall, [Symbol.asyncDispose]: close };
}

const messageOf = (id: string, payload: object) => JSON.stringify({ id, type: "next", payload });

test("results of every length and in every script arrive as they are, one after the other", async () => {
  await using way = await openOutlet("ñ 1 \u2192");
  const around = (bytes: number) => Array.from({ length: 100 }, (_, more) => bytes - 80 + more);
  const lengths = [0, ...around(126), ...around(16 * 1024), ...around(65_536)].map((length) => Math.max(0, length));
  const results = ["x", "ñ", "\u2192", "\u{1f680}"].flatMap((letter) =>
    lengths.map((bytes) => ({ data: { text: letter.repeat(bytes / Buffer.byteLength(letter)) } })),
  );
  for (const result of results) way.outlet.write(new Payload(result));
  await way.outlet.send(new Payload({ data: null }));
  await expect.poll(() => way.arrived.length).toBe(results.length + 1);
  const sent = [...results, { data: null }].map((payload) => messageOf(way.id, payload));
  expect(way.arrived.findIndex((message, place) => message !== sent[place])).toBe(-1);
});

test("readers of one result get it under their own ids, also those whose connection is full", async () => {
  await using first = await openOutlet("first");
  await using other = await openOutlet("other");
  await using longer = await openOutlet("the longer one");
  const all = [first, other, longer, other, first];
  const small = Array.from({ length: 2_000 }, (_, place) => ({ data: { place, text: "ñ".repeat(4_000) } }));
  const large = { data: { text: "x".repeat(100_000) } };
  other.stall(true);
  for (const result of [...small, large]) {
    const payload = new Payload(result);
    for (const { outlet } of all) outlet.write(payload);
  }
  expect(other.outlet.hasRoom()).toBe(false); // or nothing waited, and the test would show nothing
  other.stall(false);
  for (const [way, times] of [
    [first, 2],
    [other, 2],
    [longer, 1],
  ] as const) {
    await expect.poll(() => way.arrived.length, { timeout: 10_000 }).toBe((small.length + 1) * times);
    const sent = [...small, large].flatMap((result) => Array<string>(times).fill(messageOf(way.id, result)));
    expect(way.arrived.findIndex((message, place) => message !== sent[place])).toBe(-1);
  }
});
