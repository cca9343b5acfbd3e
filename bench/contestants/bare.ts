import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import Database from "better-sqlite3";
import { readsOf } from "./bare-reads.ts";
import { writesOf } from "./bare-writes.ts";
import { type Caller, callerOf } from "./token.ts";

// The limit: what Node and SQLite themselves need for the same work, with nothing in between.
// `node bare.ts DATABASE`
const database = new Database(process.argv[2]);
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
const reads = readsOf(database);
const writes = writesOf(database);

type Answer = { readonly body: string; readonly total?: number } | null;

async function answerTo(request: IncomingMessage, caller: Caller): Promise<Answer> {
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const [, , , , name, part, id] = path.split("/");
  if (request.method === "POST" && name !== undefined) {
    const body: unknown = JSON.parse(await text(request));
    return id === undefined ? writes.createResponse(name, caller.user, body) : writes.append(id, body);
  }
  if (name === undefined) return reads.agents(caller, Number(new URLSearchParams(query).get("limit")));
  return part === undefined ? reads.agent(caller, name) : null;
}

function send(response: ServerResponse, answer: Answer): void {
  const headers = {
    "content-type": "application/json; charset=utf-8",
    ...(answer?.total === undefined ? {} : { "x-total-count": answer.total }),
  };
  response.writeHead(answer ? 200 : 404, headers).end(answer?.body ?? "{}");
}

const server = createServer((request, response) => {
  callerOf(request.headers.authorization)
    .then((caller) => answerTo(request, caller))
    .then(
      (answer) => send(response, answer),
      (error: unknown) => response.writeHead(401).end(String(error)),
    );
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`); // a port, no path
});
