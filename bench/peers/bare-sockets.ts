import type { Duplex } from "node:stream";
import { type DocumentNode, executeSync, parse } from "graphql";
import { type RawData, WebSocketServer } from "ws";
import { createAnnouncer, listen, schema } from "./announced.ts";

// The least that telling many readers can cost on Node's sockets: an event is executed once and put into one frame, and
// that frame is written to every connection. It knows one document, and no tokens, cursors or slow readers.
const readers = new Set<Duplex>();
let asked: { readonly document: DocumentNode; readonly variableValues: Record<string, unknown> } | undefined;

/** A text message of 126 to 65,535 letters of a byte each, as RFC 6455 has it. */
const frameOf = (text: string): string => String.fromCharCode(0x81, 126, text.length >> 8, text.length & 0xff) + text;

function announce(responseProgress: object): void {
  if (!asked) throw new Error("nobody listens");
  const payload = executeSync({ schema, ...asked, rootValue: { responseProgress } });
  const frame = frameOf(JSON.stringify({ id: "1", type: "next", payload }));
  for (const reader of readers) reader.write(frame, "latin1");
}

/** What a client of graphql-ws says first. */
interface Said {
  readonly type: "connection_init" | "subscribe";
  readonly payload: { readonly query: string; readonly variables: Record<string, unknown> };
}

const sockets = new WebSocketServer({ noServer: true });
const server = createAnnouncer(announce);
server.on("upgrade", (request, connection: Duplex, head: Buffer) => {
  sockets.handleUpgrade(request, connection, head, (socket) => {
    socket.once("close", () => readers.delete(connection));
    socket.on("message", (data: RawData) => {
      const { type, payload } = JSON.parse((data as Buffer).toString()) as Said; // `ws` gives a Buffer unless it is told otherwise
      if (type === "connection_init") return socket.send(JSON.stringify({ type: "connection_ack" }));
      asked ??= { document: parse(payload.query), variableValues: payload.variables };
      return readers.add(connection);
    });
  });
});
listen(server);
