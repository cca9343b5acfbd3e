import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import Fastify, { type FastifyInstance, LogController } from "fastify";
import type { Logger } from "pino";
import type { Auth } from "./auth/auth.ts";
import { holdsAll } from "./auth/policy.ts";
import { allowOrigins } from "./cors.ts";
import { emptyRequestsEndAtOnce, endEmptyBodies } from "./empty-requests.ts";
import { GatewayError, notFound } from "./errors.ts";
import type { Gateway } from "./gateway.ts";
import { serveGraphql } from "./graphql/http.ts";
import { limits } from "./graphql/limits.ts";
import { serveWebSockets } from "./graphql/websocket.ts";
import { createGraphql } from "./graphql/yoga.ts";
import { createHostCheck, type HostCheck } from "./hosts.ts";
import { createMetrics, type Measure, type Metrics } from "./metrics.ts";
import { RequestLog } from "./request-log.ts";
import { internalRefusal, refusalOf } from "./rest/refusal.ts";
import { answerError, registerRest } from "./rest/rest.ts";
import { watchStalls } from "./stalls.ts";

/** The one HTTP server: GraphQL, REST, sockets, metrics. */
export interface GatewayServer {
  readonly app: FastifyInstance;
  /** Starts to listen; answers the address. */
  listen(): Promise<string>;
  /** Sends sockets away in a way that makes them come back, lets short requests end, and cuts what is still open. */
  close(): Promise<void>;
}

/** Request ids that callers bring are taken when they are plain; others get a new one. */
const plainId = /^[\w.:-]{1,128}$/;

/** Makes the server over one gateway; nothing listens before `listen`. */
export async function createServer(
  gateway: Gateway,
  auth: Auth,
  measures: readonly Measure[] = [],
): Promise<GatewayServer> {
  const { config } = gateway;
  const app = createApp(gateway);
  const graphql = createGraphql(gateway, auth);
  const sockets = serveWebSockets(gateway, graphql, app.server);
  const open = { name: "raworc_websockets", help: "Open WebSockets", value: async () => sockets.count() };
  const metrics = createMetrics(gateway.tail, [open, ...measures]);
  const stopWatching = watchStalls(app.server, limits.stalledMs, (connection) => {
    if (!sockets.sendAway(connection)) connection.destroy();
  });
  endEmptyBodies(app);
  allowOrigins(app, config.corsOrigins);
  observe(app, metrics, gateway.log);
  checkHosts(app, createHostCheck(config));
  answerErrors(app);
  const overHttp = serveGraphql(app, graphql);
  registerRest(app, gateway, graphql);
  serveMetrics(app, auth, metrics);
  app.get("/", (_request, reply) => reply.redirect(config.graphiql ? "/graphql" : "/api/v0/version"));
  return {
    app,
    listen: () => app.listen({ host: config.host, port: config.port }),
    async close() {
      overHttp.cutStreams();
      const stopCutting = cutWhatStays(app.server);
      await Promise.all([sockets.close(), app.close()]);
      stopCutting();
      stopWatching();
      metrics.close();
    },
  };
}

const sweepMs = 20;

/** Closes connections as soon as nothing is asked on them, and after a moment all others. */
function cutWhatStays(server: Server): () => void {
  const sweep = setInterval(() => server.closeIdleConnections(), sweepMs);
  const cut = setTimeout(() => server.closeAllConnections(), limits.sockets.closeMs);
  return () => {
    clearInterval(sweep);
    clearTimeout(cut);
  };
}

const createApp = (gateway: Gateway) =>
  Fastify({
    http: emptyRequestsEndAtOnce,
    loggerInstance: gateway.log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    childLoggerFactory: (root, bindings) => new RequestLog(root, bindings),
    bodyLimit: gateway.config.maxBodyBytes,
    trustProxy: gateway.config.trustedProxies.length > 0 && [...gateway.config.trustedProxies],
    forceCloseConnections: "idle",
    // The longest name has 128 letters, of which a client may write each as `%xx`.
    routerOptions: { maxParamLength: 1024 },
    exposeHeadRoutes: true,
    // What is refused before a route is found: addresses that cannot be read.
    frameworkErrors: answerError,
    // For probes that know nothing of the API.
    rewriteUrl: ({ url = "/" }) => (url === "/health" ? "/api/v0/health" : url),
    genReqId: ({ headers }) => {
      const given = headers["x-request-id"];
      return typeof given === "string" && plainId.test(given) ? given : randomUUID(); // a tenth of what `newId` takes, and nobody sorts by it
    },
  }) as unknown as FastifyInstance; // the logger's own type is of no use to routes

/** Every refusal reads as others do where it was asked for. */
function checkHosts(app: FastifyInstance, check: HostCheck): void {
  app.addHook("onRequest", ({ raw }, _reply, done) => {
    const refusal = check(raw.headers.host);
    if (refusal) done(refusal);
    else done();
  });
}

/** Errors outside of GraphQL and REST: of unknown routes and of the metrics. They read as REST's do. */
function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    if (!refusal) request.log.error({ err: error }, "an unexpected error");
    const { status, headers, body } = refusal ?? internalRefusal();
    return reply.status(status).headers(headers).send(body);
  });
  app.setNotFoundHandler(({ method, url }) => {
    throw notFound("Route", `${method} ${url.replace(/\?.*/, "").slice(0, 200)}`);
  });
}

/** Open to the machine itself; from elsewhere an administrator's token is needed. */
function serveMetrics(app: FastifyInstance, auth: Auth, metrics: Metrics): void {
  app.get("/metrics", async (request, reply) => {
    // A proxy on this machine is not this machine asking, whether it is trusted or not.
    const isLocal = /^(127\.|::1$|::ffff:127\.)/.test(request.ip) && !request.headers["x-forwarded-for"];
    if (!isLocal && !holdsAll(await auth.authenticate(request.headers.authorization))) {
      throw new GatewayError("FORBIDDEN", "Only administrators may read the metrics from another machine");
    }
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}

/** Every answer bears its request's id; every request is logged and counted once it has ended. */
function observe(app: FastifyInstance, metrics: Metrics, root: Logger): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    done();
  });
  app.addHook("onResponse", ({ method, routeOptions, log }, reply, done) => {
    const { elapsedTime: ms, statusCode: status } = reply;
    const route = routeOptions.url ?? "unknown";
    metrics.countRequest({ method, route, status }, ms / 1000);
    if (root.isLevelEnabled("debug")) log.debug({ method, route, status, ms: Math.round(ms) }, "answered");
    done();
  });
}
