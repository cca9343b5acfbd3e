import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { buildSchema } from "graphql";
import type { SentItem } from "../harness/listen.ts";

// The gateway's own schema with events of the same shape, in memory: what is POSTed is an event's item.

/** The gateway's schema, as it is printed. */
export const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));

const typeNames = { tool_call: "ToolCallItem", tool_result: "ToolResultItem" } as const;

/** A server whose POSTs announce progress; it answers when that is done. */
export function createAnnouncer(announce: (responseProgress: object) => void): Server {
  let seq = 0;
  const take = async (request: IncomingMessage) => {
    const raw = (await json(request)) as SentItem; // as the bench sends it
    const at = new Date();
    seq++;
    const item = { __typename: typeNames[raw.type], ...raw, seq, at, raw };
    announce({ seq, at, kind: "ITEM", status: null, text: null, delta: null, item });
  };
  return createServer((request, response) => {
    void take(request).then(() => response.end("{}"));
  });
}

/** Listens, and says where. */
export function listen(server: Server): void {
  server.listen(0, "127.0.0.1", () => {
    process.stdout.write(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`); // a port, no path
  });
}
