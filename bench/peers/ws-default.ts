import { EventEmitter, on } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { buildSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";

// graphql-ws as its guide starts it: every subscriber's selection is executed for every event. What is POSTed is
// an event.
const schema = buildSchema(`
  scalar JSON
  type Query { version: String }
  type Subscription { responseProgress(id: ID!, after: Int): ResponseProgress! }
  type ResponseProgress { seq: Int kind: String! item: ResponseItem }
  type ResponseItem { seq: Int! type: String! raw: JSON! }
`);
const events = new EventEmitter().setMaxListeners(0);
let seq = 0;

async function* progress() {
  for await (const [item] of on(events, "item")) yield { responseProgress: item as object };
}

async function announce(request: IncomingMessage): Promise<void> {
  const raw = await json(request);
  seq++;
  events.emit("item", { seq, kind: "ITEM", item: { seq, type: "commentary", raw } });
}

const server = createServer((request, response) => {
  void announce(request).then(() => response.end("{}"));
});
useServer({ schema, roots: { subscription: { responseProgress: progress } } }, new WebSocketServer({ server }));
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`); // a port, no path
});
