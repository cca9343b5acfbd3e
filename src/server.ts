import cors from "@fastify/cors";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Auth } from "./auth/auth.ts";
import { holdsAll } from "./auth/policy.ts";
import { GatewayError } from "./errors.ts";
import type { Gateway } from "./gateway.ts";
import type { Call } from "./graphql/context.ts";
import { serveWebSockets } from "./graphql/websocket.ts";
import { createGraphql, type Yoga } from "./graphql/yoga.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { registerRest } from "./rest/rest.ts";

/** The one HTTP server: GraphQL, REST, sockets, metrics. */
export interface GatewayServer {
  readonly app: FastifyInstance;
  /** Starts to listen; answers the address. */
  listen(): Promise<string>;
  /** Sends sockets away in a way that makes them come back, and ends what is still open. */
  close(): Promise<void>;
}

/** Request ids that callers bring are taken when they are plain; others get a new one. */
const plainId = /^[\w.:-]{1,128}$/;

/** Makes the server over one gateway; nothing listens before `listen`. */
export async function createServer(gateway: Gateway, auth: Auth): Promise<GatewayServer> {
  const { config } = gateway;
  const app = Fastify({
    loggerInstance: gateway.log,
    disableRequestLogging: true,
    bodyLimit: config.maxBodyBytes,
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    genReqId: ({ headers }) => {
      const given = headers["x-request-id"];
      return typeof given === "string" && plainId.test(given) ? given : gateway.newId();
    },
  }) as unknown as FastifyInstance; // the logger's own type is of no use to routes
  const yoga = createGraphql(gateway, auth);
  const sockets = serveWebSockets(gateway, yoga, app.server);
  const metrics = createMetrics(gateway.tail, () => sockets.count());
  await app.register(cors, corsOptions(config.corsOrigins));
  observe(app, metrics);
  serveGraphql(app, yoga);
  registerRest(app, gateway, yoga);
  serveMetrics(app, auth, metrics);
  app.get("/", (_request, reply) => reply.redirect(config.graphiql ? "/graphql" : "/api/v0/version"));
  return {
    app,
    listen: () => app.listen({ host: config.host, port: config.port }),
    async close() {
      await sockets.close();
      await app.close();
      metrics.close();
    },
  };
}

/** What a transport knows of an HTTP request. */
export function callOf({ headers, ip }: FastifyRequest, reply: FastifyReply): Call {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return { authorization: headers.authorization ?? null, address: ip, signal: gone.signal };
}

function serveGraphql(app: FastifyInstance, yoga: Yoga): void {
  app.register(async (scope) => {
    // Yoga reads the body itself; here it is only limited, and must be JSON.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
      const code = error.statusCode === 413 ? "PAYLOAD_TOO_LARGE" : "BAD_USER_INPUT";
      return reply.status(error.statusCode ?? 400).send({ errors: [{ message: error.message, extensions: { code } }] });
    });
    scope.route({
      method: ["GET", "POST"],
      url: "/graphql",
      handler: async (request, reply) => {
        const response = await yoga.handleNodeRequestAndResponse(request, reply, { call: callOf(request, reply) });
        for (const [name, value] of response.headers) reply.header(name, value);
        return reply.status(response.status).send(response.body);
      },
    });
  });
}

/** Open to the machine itself; from elsewhere an administrator's token is needed. */
function serveMetrics(app: FastifyInstance, auth: Auth, metrics: Metrics): void {
  app.get("/metrics", async (request, reply) => {
    const isLocal = /^(127\.|::1$|::ffff:127\.)/.test(request.ip);
    if (!isLocal && !holdsAll(await auth.authenticate(request.headers.authorization))) {
      throw new GatewayError("FORBIDDEN", "Only administrators may read the metrics from another machine");
    }
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}

/** Every answer bears its request's id; every request is logged and counted once it has ended. */
function observe(app: FastifyInstance, metrics: Metrics): void {
  app.addHook("onRequest", async (request, reply) => void reply.header("x-request-id", request.id));
  app.addHook("onResponse", async ({ id, method, routeOptions, log }, reply) => {
    const route = routeOptions.url ?? "unknown";
    metrics.countRequest({ method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    log.debug(
      { requestId: id, method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      "answered",
    );
  });
}

const corsOptions = (origins: readonly string[]) => ({
  origin: origins.includes("*") ? true : [...origins],
  methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  exposedHeaders: ["X-Total-Count", "X-Page-Offset", "X-Page-Limit", "X-Request-Id", "ETag", "Retry-After"],
  maxAge: 600,
});
