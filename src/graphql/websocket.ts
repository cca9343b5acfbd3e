import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ExecutionArgs, GraphQLError } from "graphql";
import { makeServer, type SubscribePayload } from "graphql-ws";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import type { Gateway } from "../gateway.ts";
import type { Call, Context } from "./context.ts";
import { maskError } from "./errors.ts";
import { limits } from "./limits.ts";
import type { Prepared } from "./prepare.ts";
import { schema } from "./schema.ts";
import { speak, tryAgainLater } from "./socket.ts";
import type { Graphql } from "./yoga.ts";

/** "Service restart": sockets are closed with it when the gateway stops, and graphql-ws clients connect anew. */
const restarting = 1012;
const tooManySubscriptions = 4429;

/** graphql-ws at `/graphql` on the HTTP server. */
export interface WebSockets {
  /** How many are open. */
  count(): number;
  /** Closes the socket on a connection so that its client comes back; `false` where there is none. */
  sendAway(connection: Socket): boolean;
  /** Closes every socket so that its client connects again, elsewhere or later. */
  close(): Promise<void>;
}

/** How long sockets are waited for. */
export interface Patience {
  /** For the message that says who it is. */
  readonly initWaitMs: number;
  /** For the answer to a ping. */
  readonly pingMs: number;
  /** For the peer's part in closing. */
  readonly closeMs: number;
}

/**
 * Serves GraphQL over graphql-ws: the token comes in the `connection_init` payload as `authorization`,
 * never in the URL; the Origin of browsers is checked; every document passes the same limits as over HTTP.
 */
export function serveWebSockets(
  gateway: Gateway,
  graphql: Graphql,
  server: Server,
  patience: Patience = limits.sockets,
): WebSockets {
  const maxPayload = gateway.config.maxBodyBytes;
  const options: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    maxPayload,
    handleProtocols,
    closeTimeout: patience.closeMs,
  };
  const sockets = new WebSocketServer(options);
  const peers = new Map<Duplex, Peer>();
  const protocol = protocolOver(gateway, graphql, patience);
  const socketLimits = { pingMs: patience.pingMs, waitingBytes: maxPayload * limits.messagesWaiting };

  const upgrade = (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    const refusal = refuse(gateway, request);
    connection.on("error", () => connection.destroy());
    if (refusal) return connection.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    return sockets.handleUpgrade(request, connection, head, (socket) => {
      const peer = peerOf(socket, request);
      peers.set(connection, peer);
      connection.once("close", () => peers.delete(connection));
      speak(protocol, socket, peer, gateway.log, socketLimits);
    });
  };
  server.on("upgrade", upgrade);
  return {
    count: () => peers.size,
    sendAway(connection) {
      const peer = peers.get(connection);
      peer?.close(tryAgainLater, "Too slow: subscribe again from the last cursor");
      return peer !== undefined;
    },
    async close() {
      server.off("upgrade", upgrade);
      for (const peer of peers.values()) peer.close(restarting, "The gateway restarts");
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
  };
}

/** graphql-ws over what is prepared, so that sockets have the same limits, authentication and errors as all. */
const protocolOver = (gateway: Gateway, graphql: Graphql, { initWaitMs }: Patience) =>
  makeServer<Parameters, Peer>({
    connectionInitWaitTimeout: initWaitMs,
    onSubscribe: ({ extra, connectionParams, subscriptions }, _id, payload) => {
      if (Object.keys(subscriptions).length <= limits.subscriptionsPerSocket) {
        const call = { ...extra, ...callerOf(connectionParams), requestId: gateway.newId() };
        return prepare(graphql, call, payload).catch((error) => [maskError(error, gateway.log)]);
      }
      const reason = "Too many subscriptions on one socket";
      extra.close(tooManySubscriptions, reason);
      return [new GraphQLError(reason)];
    },
    execute: (args) => {
      const { rootValue, contextValue, variableValues } = args as Operation; // as `prepare` made it
      return rootValue.execute(contextValue, variableValues);
    },
    subscribe: (args) => {
      const { rootValue, contextValue, variableValues } = args as Operation; // as `prepare` made it
      return rootValue.subscribe(contextValue, variableValues);
    },
  });

interface Parameters extends Record<string, unknown> {
  readonly authorization?: unknown;
  readonly Authorization?: unknown;
}

/** An operation as graphql-ws hands it back: what was prepared travels with it. */
interface Operation extends ExecutionArgs {
  readonly rootValue: Prepared;
  readonly contextValue: Context;
}

async function prepare(
  { documents, contextOf }: Graphql,
  call: Call,
  { query, operationName, variables }: SubscribePayload,
): Promise<Operation | readonly GraphQLError[]> {
  const prepared = documents.prepare(query, operationName);
  if ("errors" in prepared) return prepared.errors;
  const contextValue = await contextOf(call);
  const { document } = prepared;
  return { schema, document, variableValues: variables ?? null, contextValue, rootValue: prepared };
}

/** Who is at the other end of a socket, as far as the connection tells. */
type Peer = Required<Pick<Call, "address" | "signal" | "close">>;

function peerOf(socket: WebSocket, request: IncomingMessage): Peer {
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  return {
    address: request.socket.remoteAddress ?? null,
    signal: gone.signal,
    close(code, reason) {
      gone.abort(); // what it listens to ends now, not when the peer has done its part of closing
      socket.close(code, reason);
    },
  };
}

function callerOf({ authorization, Authorization }: Parameters = {}): Pick<Call, "authorization"> {
  const given = authorization ?? Authorization;
  return { authorization: typeof given === "string" ? given : null };
}

/** Why an upgrade is refused; `null` when it is not. */
function refuse({ config }: Gateway, { url = "", headers }: IncomingMessage): string | null {
  if (!/^\/graphql\/?(\?.*)?$/.test(url)) return "404 Not Found";
  if (/[?&](token|authorization|access_token)=/i.test(url)) return "400 Bad Request";
  const { origin, host } = headers;
  if (!origin || config.corsOrigins.includes("*") || config.corsOrigins.includes(origin)) return null;
  return URL.canParse(origin) && new URL(origin).host === host ? null : "403 Forbidden";
}

const handleProtocols = (protocols: Set<string>) =>
  protocols.has("graphql-transport-ws") ? "graphql-transport-ws" : false;
