import { EventEmitter, on } from "node:events";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { createAnnouncer, listen, schema } from "./announced.ts";

// graphql-ws as its guide starts it: every subscriber's selection is executed for every event.
const events = new EventEmitter().setMaxListeners(0);

async function* progress() {
  for await (const [event] of on(events, "item")) yield { responseProgress: event as object };
}

const server = createAnnouncer((event) => events.emit("item", event));
useServer({ schema, roots: { subscription: { responseProgress: progress } } }, new WebSocketServer({ server }));
listen(server);
