import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { payloadOf, SocketOutlet } from "../../src/graphql/outlet.ts";
import type { Outlet } from "../../src/graphql/reader.ts";

const id = "ñ 1 \u2192";

/** An outlet, and what has arrived at the other end of its socket. */
async function openOutlet() {
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
  const close = async () => {
    client.terminate();
    server.close();
    await once(server, "close");
  };
  return { outlet: await outlet, arrived, [Symbol.asyncDispose]: close };
}

test("results of every length and in every script arrive as they are, one after the other", async () => {
  await using way = await openOutlet();
  const around = (bytes: number) => Array.from({ length: 100 }, (_, more) => bytes - 80 + more);
  const lengths = [0, ...around(126), ...around(16 * 1024), ...around(65_536)].map((length) => Math.max(0, length));
  const results = ["x", "ñ", "\u2192", "\u{1f680}"].flatMap((letter) =>
    lengths.map((bytes) => ({ data: { text: letter.repeat(bytes / Buffer.byteLength(letter)) } })),
  );
  for (const result of results) way.outlet.write(payloadOf(result));
  await way.outlet.send(payloadOf({ data: null }));
  await expect.poll(() => way.arrived.length).toBe(results.length + 1);
  const sent = [...results, { data: null }].map((payload) => JSON.stringify({ id, type: "next", payload }));
  expect(way.arrived.findIndex((message, place) => message !== sent[place])).toBe(-1);
});
