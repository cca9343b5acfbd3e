import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import proxyAddr from "@fastify/proxy-addr";
import { type ExecutionArgs, GraphQLError } from "graphql";
import { makeServer, type SubscribePayload } from "graphql-ws";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import type { Gateway } from "../gateway.ts";
import { createHostCheck, type HostCheck } from "../hosts.ts";
import type { Call, Context } from "./context.ts";
import { maskError } from "./errors.ts";
import { createHub, type Hub } from "./hub.ts";
import { limits } from "./limits.ts";
import { isLive } from "./live.ts";
import { SocketOutlet } from "./outlet.ts";
import { Payload } from "./payload.ts";
import type { Prepared } from "./prepare.ts";
import type { Outlet } from "./reader.ts";
import { schema } from "./schema.ts";
import { createSelectionNames } from "./selection.ts";
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
 * never in the URL; the Host and the Origin of browsers are checked; every document passes the same limits as over HTTP.
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
  const peers = new Map<Socket, Peer>();
  const protocol = protocolOver(gateway, graphql, patience);
  const socketLimits = { pingMs: patience.pingMs, waitingBytes: maxPayload * limits.messagesWaiting };

  const open = (socket: WebSocket, connection: Socket, address: string | null) => {
    const peer = peerOf(socket, connection, address);
    peers.set(connection, peer);
    connection.once("close", () => peers.delete(connection));
    speak(protocol, socket, peer, gateway.log, socketLimits);
  };
  const checkHost = createHostCheck(gateway.config);
  const isTrusted = proxyAddr.compile([...gateway.config.trustedProxies]);
  const upgrade = (request: IncomingMessage, _same: Duplex, head: Buffer) => {
    const connection = request.socket;
    const refusal = refuse(gateway, checkHost, request);
    connection.on("error", () => connection.destroy());
    if (refusal) return connection.end(answerOf(refusal));
    const address = proxyAddr(request, isTrusted) || null;
    // No function here keeps the request: its headers would last as long as the socket.
    return sockets.handleUpgrade(request, connection, head, (socket) => open(socket, connection, address));
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
function protocolOver(gateway: Gateway, graphql: Graphql, { initWaitMs }: Patience) {
  const subscribe = subscribeThrough(createHub());
  return makeServer<Parameters, Peer>({
    connectionInitWaitTimeout: initWaitMs,
    onSubscribe: ({ extra, connectionParams, subscriptions }, id, payload) => {
      if (Object.keys(subscriptions).length <= limits.subscriptionsPerSocket) {
        const { address, signal, close } = extra;
        const call = { address, signal, close, ...callerOf(connectionParams), requestId: gateway.newId() };
        const operation = prepare(graphql, call, payload, extra.outlet(id));
        return operation.catch((error) => [maskError(error, gateway.log)]);
      }
      const reason = "Too many subscriptions on one socket";
      extra.close(tooManySubscriptions, reason);
      return [new GraphQLError(reason)];
    },
    execute: (args) => {
      const { rootValue, contextValue, variableValues } = args as Operation; // as `prepare` made it
      return rootValue.execute(contextValue, variableValues);
    },
    subscribe: (args) => subscribe(args as Operation), // as `prepare` made it
  });
}

interface Parameters extends Record<string, unknown> {
  readonly authorization?: unknown;
  readonly Authorization?: unknown;
}

/** An operation as graphql-ws hands it back: what was prepared travels with it. */
interface Operation extends ExecutionArgs {
  readonly rootValue: Prepared;
  readonly contextValue: Context;
  readonly outlet: Outlet;
}

/** Subscriptions that show the same are served together; graphql-ws waits for their end, and ends them. */
function subscribeThrough(hub: Hub) {
  const nameOf = createSelectionNames();
  return async ({ rootValue: prepared, contextValue, variableValues: variables, outlet }: Operation) => {
    const sequence = await prepared.open(contextValue, variables);
    if (!(Symbol.asyncIterator in sequence)) return sequence;
    if (!isLive(sequence)) throw new Error("a subscription must return what `live` made");
    const selection = nameOf(prepared, variables, sequence.watched.shared?.argument);
    const show = (value: unknown, context: Context) => {
      const result = prepared.execute(context, variables, value);
      return result instanceof Promise ? result.then((ready) => new Payload(ready)) : new Payload(result);
    };
    return hub.subscribe({ sequence, selection, show, outlet });
  };
}

async function prepare(
  { documents, contextOf }: Graphql,
  call: Call,
  { query, operationName, variables }: SubscribePayload,
  outlet: Outlet,
): Promise<Operation | readonly GraphQLError[]> {
  const prepared = documents.prepare(query, operationName);
  if ("errors" in prepared) return prepared.errors;
  const contextValue = await contextOf(call);
  const { document } = prepared;
  return { schema, document, variableValues: variables ?? null, contextValue, rootValue: prepared, outlet };
}

/** Who is at the other end of a socket, as far as the connection tells. */
interface Peer extends Required<Pick<Call, "address" | "signal" | "close">> {
  readonly connection: Socket;
  /** The way of results to the subscription of that id. */
  readonly outlet: (id: string) => Outlet;
}

function peerOf(socket: WebSocket, connection: Socket, address: string | null): Peer {
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  return {
    address,
    connection,
    signal: gone.signal,
    close(code, reason) {
      gone.abort(); // what it listens to ends now, not when the peer has done its part of closing
      socket.close(code, reason);
    },
    outlet: (id) => new SocketOutlet(socket, connection, id),
  };
}

function callerOf({ authorization, Authorization }: Parameters = {}): Pick<Call, "authorization"> {
  const given = authorization ?? Authorization;
  return { authorization: typeof given === "string" ? given : null };
}

/** An upgrade that is refused: what HTTP says, and what people can do. */
interface Refusal {
  readonly status: string;
  readonly message: string;
}

const notFound: Refusal = { status: "404 Not Found", message: "WebSockets are at /graphql" };
const tokenInUrl: Refusal = { status: "400 Bad Request", message: "A token belongs in connection_init" };
const forbidden = (message: string): Refusal => ({ status: "403 Forbidden", message });

/** Why an upgrade is refused; `null` when it is not. */
function refuse({ config }: Gateway, checkHost: HostCheck, { url = "", headers }: IncomingMessage): Refusal | null {
  const { origin, host } = headers;
  const misled = checkHost(host);
  if (misled) return forbidden(misled.message);
  if (!/^\/graphql\/?(\?.*)?$/.test(url)) return notFound;
  if (/[?&](token|authorization|access_token)=/i.test(url)) return tokenInUrl;
  if (!origin || config.corsOrigins.includes("*") || config.corsOrigins.includes(origin)) return null;
  const isOwn = URL.canParse(origin) && new URL(origin).host === host;
  return isOwn ? null : forbidden("Pages of this origin may not call; RAWORC_CORS_ORIGINS lists those that may");
}

/** The answer in place of an upgrade; no more is said on its connection. */
function answerOf({ status, message }: Refusal): string {
  const type = "text/plain; charset=utf-8";
  const headers = `Connection: close\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(message)}`;
  return `HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${message}`;
}

const handleProtocols = (protocols: Set<string>) =>
  protocols.has("graphql-transport-ws") ? "graphql-transport-ws" : false;
