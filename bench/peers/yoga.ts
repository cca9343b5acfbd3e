import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createYoga } from "graphql-yoga";
import { contextOf, type PeerContext, schema } from "./schema.ts";

// Yoga as it comes. `node yoga.ts DATABASE`
const yoga = createYoga<{ req: IncomingMessage }, PeerContext>({
  schema,
  logging: false,
  context: ({ req }) => contextOf(req.headers),
});
const server = createServer((request, response) => void yoga(request, response));
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
