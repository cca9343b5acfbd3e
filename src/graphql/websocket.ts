import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type DocumentNode, type ExecutionArgs, type ExecutionResult, GraphQLError, type GraphQLSchema } from "graphql";
import { makeServer, type SubscribePayload } from "graphql-ws";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import type { Gateway } from "../gateway.ts";
import type { Call } from "./context.ts";
import { maskError } from "./errors.ts";
import { limits } from "./limits.ts";
import { speak, tryAgainLater } from "./socket.ts";
import type { Yoga } from "./yoga.ts";

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
  yoga: Yoga,
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
  const protocol = protocolOver(gateway, yoga, patience);
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

/** graphql-ws over Yoga's own functions, which travel with each operation as its recipe for graphql-ws has it. */
const protocolOver = (gateway: Gateway, yoga: Yoga, { initWaitMs }: Patience) =>
  makeServer<Parameters, Peer>({
    connectionInitWaitTimeout: initWaitMs,
    onSubscribe: ({ extra, connectionParams, subscriptions }, _id, payload) => {
      if (Object.keys(subscriptions).length <= limits.subscriptionsPerSocket) {
        const call = { ...extra, ...callerOf(connectionParams), requestId: gateway.newId() };
        return prepare(yoga, call, payload).catch((error) => [maskError(error, gateway.log)]);
      }
      const reason = "Too many subscriptions on one socket";
      extra.close(tooManySubscriptions, reason);
      return [new GraphQLError(reason)];
    },
    execute: (args) => (args as Prepared).rootValue.execute(args),
    subscribe: (args) => (args as Prepared).rootValue.subscribe(args),
  });

interface Parameters extends Record<string, unknown> {
  readonly authorization?: unknown;
  readonly Authorization?: unknown;
}

/** Yoga's functions for one call, which bring its plugins with them. */
interface Enveloped {
  readonly schema: GraphQLSchema;
  readonly parse: (text: string) => DocumentNode;
  readonly validate: (schema: GraphQLSchema, document: DocumentNode) => readonly GraphQLError[];
  readonly execute: (args: ExecutionArgs) => Promise<ExecutionResult>;
  readonly subscribe: (args: ExecutionArgs) => Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
  readonly contextFactory: () => unknown;
}

/** Yoga's own functions travel with the operation, as its recipe for graphql-ws has it. */
interface Prepared extends ExecutionArgs {
  readonly rootValue: Pick<Enveloped, "execute" | "subscribe">;
}

async function prepare(yoga: Yoga, call: Call, params: SubscribePayload): Promise<Prepared | readonly GraphQLError[]> {
  const enveloped: Enveloped = yoga.getEnveloped({ call, params });
  const { schema, execute, subscribe, contextFactory, parse, validate } = enveloped;
  const document = parseOrError(parse, params.query);
  if (document instanceof GraphQLError) return [document];
  const errors = validate(schema, document);
  if (errors.length > 0) return errors;
  return {
    schema,
    document,
    operationName: params.operationName ?? null,
    variableValues: params.variables ?? null,
    contextValue: await contextFactory(),
    rootValue: { execute, subscribe },
  };
}

function parseOrError(parse: Enveloped["parse"], query: string): DocumentNode | GraphQLError {
  try {
    return parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
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
