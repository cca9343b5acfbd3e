import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type DocumentNode, type ExecutionArgs, GraphQLError } from "graphql";
import type { SubscribePayload } from "graphql-ws";
import { type Extra, useServer } from "graphql-ws/use/ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { Gateway } from "../gateway.ts";
import type { Call } from "./context.ts";
import { limits } from "./limits.ts";
import type { Yoga } from "./yoga.ts";

/** "Service restart": sockets are closed with it when the gateway stops, and graphql-ws clients connect anew. */
const restarting = 1012;
const tooManySubscriptions = 4429;

/** graphql-ws at `/graphql` on the HTTP server. */
export interface WebSockets {
  /** How many are open. */
  count(): number;
  /** Closes every socket so that its client connects again, elsewhere or later. */
  close(): Promise<void>;
}

/**
 * Serves GraphQL over graphql-ws: the token comes in the `connection_init` payload as `authorization`,
 * never in the URL; the Origin of browsers is checked; every document passes the same limits as over HTTP.
 */
export function serveWebSockets(gateway: Gateway, yoga: Yoga, server: Server): WebSockets {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: gateway.config.maxBodyBytes, handleProtocols });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refuse(gateway, request);
    if (refusal) return socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    return sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit("connection", opened, request));
  };
  server.on("upgrade", upgrade);
  const callers = new WeakMap<WebSocket, Caller>();
  const running = useServer<Parameters>(
    {
      connectionInitWaitTimeout: limits.initWaitMs,
      onConnect: ({ extra, connectionParams }) => {
        callers.set(extra.socket, callerOf(extra, connectionParams));
      },
      onSubscribe: async ({ extra }, id, payload) => {
        const caller = callers.get(extra.socket);
        if (caller && caller.open.add(id).size <= limits.subscriptionsPerSocket)
          return prepare(yoga, caller.call, payload);
        extra.socket.close(tooManySubscriptions, "Too many subscriptions on one socket");
        return [];
      },
      onComplete: ({ extra }, id) => void callers.get(extra.socket)?.open.delete(id),
      execute: (args) => (args as Prepared).rootValue.execute(args),
      subscribe: (args) => (args as Prepared).rootValue.subscribe(args),
    },
    sockets,
  );
  return {
    count: () => sockets.clients.size,
    async close() {
      server.off("upgrade", upgrade);
      for (const socket of sockets.clients) socket.close(restarting, "The gateway restarts");
      await running.dispose();
    },
  };
}

interface Parameters extends Record<string, unknown> {
  readonly authorization?: unknown;
  readonly Authorization?: unknown;
}

type Enveloped = ReturnType<Yoga["getEnveloped"]>;

/** Yoga's own functions travel with the operation, as its recipe for graphql-ws has it. */
interface Prepared extends ExecutionArgs {
  readonly rootValue: { readonly execute: Enveloped["execute"]; readonly subscribe: Enveloped["subscribe"] };
}

async function prepare(yoga: Yoga, call: Call, params: SubscribePayload) {
  const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({ call, params });
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

/** Who is at the other end of a socket, and what they listen to. */
interface Caller {
  readonly call: Call;
  readonly open: Set<string>;
}

function callerOf({ socket, request }: Extra, parameters: Parameters | undefined): Caller {
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  const call: Call = {
    authorization: textOrNull(parameters?.authorization ?? parameters?.Authorization),
    address: request.socket.remoteAddress ?? null,
    signal: gone.signal,
    close: (code, reason) => socket.close(code, reason),
  };
  return { call, open: new Set() };
}

const textOrNull = (value: unknown) => (typeof value === "string" ? value : null);

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
