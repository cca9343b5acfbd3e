import { EventEmitter, on } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { buildSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import type { SentItem } from "../harness/listen.ts";

// graphql-ws as its guide starts it, with the gateway's own schema: every subscriber's selection is executed for every
// event. What is POSTed is an event's item.
const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));
const typeNames = { tool_call: "ToolCallItem", tool_result: "ToolResultItem" } as const;
const events = new EventEmitter().setMaxListeners(0);
let seq = 0;

async function* progress() {
  for await (const [event] of on(events, "item")) yield { responseProgress: event as object };
}

async function announce(request: IncomingMessage): Promise<void> {
  const raw = (await json(request)) as SentItem; // as the bench sends it
  const at = new Date();
  seq++;
  const item = { __typename: typeNames[raw.type], ...raw, seq, at, raw };
  events.emit("item", { seq, at, kind: "ITEM", status: null, text: null, delta: null, item });
}

const server = createServer((request, response) => {
  void announce(request).then(() => response.end("{}"));
});
useServer({ schema, roots: { subscription: { responseProgress: progress } } }, new WebSocketServer({ server }));
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`); // a port, no path
});
