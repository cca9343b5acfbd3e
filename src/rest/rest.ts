import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { notFound } from "../errors.ts";
import type { Gateway } from "../gateway.ts";
import type { Graphql } from "../graphql/yoga.ts";
import { readJsonBodies } from "./body.ts";
import { serveDocs } from "./docs.ts";
import { createEventStreams } from "./event-stream.ts";
import { handlerOf } from "./handler.ts";
import { HttpError, internalRefusal, refusalOf } from "./refusal.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes.ts";

const prefix = "/api/v0";

/**
 * Mounts the REST API under `/api/v0`, with its documentation. Nothing outside of it is touched.
 *
 * @throws {Error} when the server gets ready, if a route's document does not fit the schema.
 */
export function registerRest(app: FastifyInstance, gateway: Gateway, graphql: Graphql): void {
  app.register(
    async (scope) => {
      mountRoutes(scope, gateway, graphql, routes);
      await serveDocs(scope, routes);
      refuseOthers(scope, "/openapi.json", allowedBy("GET"));
    },
    { prefix },
  );
}

/** Mounts routes, and in their scope everything that holds for all of them: bodies, errors, wrong methods. */
export function mountRoutes(
  scope: FastifyInstance,
  { config }: Pick<Gateway, "config">,
  graphql: Graphql,
  table: readonly Route[],
): void {
  readJsonBodies(scope);
  answerErrors(scope);
  scope.decorateRequest("restContext", null);
  const streams = createEventStreams();
  scope.addHook("preClose", async () => streams.cut());
  for (const route of table) {
    const handler = handlerOf(graphql, route, streams);
    scope.route({ method: route.method, url: urlOf(route.path), bodyLimit: config.maxBodyBytes, ...handler });
  }
  for (const [path, methods] of methodsByPath(table)) refuseOthers(scope, urlOf(path), methods);
}

/** The server has no name for the rest of a path. */
const urlOf = (path: string) => path.replace(/\*\w+$/, "*");

/** Answers an error as every route does; also for the server's own, of paths that it cannot read. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalOf(error);
  if (!refusal) request.log.error({ err: error }, "an unexpected error");
  const { status, headers, body } = refusal ?? internalRefusal();
  reply.header("x-request-id", request.id); // what has no route yet has met no hook that says so
  return reply.status(status).headers(headers).header("cache-control", "no-store").send(body);
}

function answerErrors(scope: FastifyInstance): void {
  scope.setErrorHandler(answerError);
  scope.setNotFoundHandler((request) => {
    const path = request.url.replace(/\?.*/, "").slice(0, 200);
    throw notFound("Route", `${request.method} ${path}`);
  });
}

function methodsByPath(table: readonly Route[]): ReadonlyMap<string, readonly HTTPMethods[]> {
  const paths = Map.groupBy(table, ({ path }) => path);
  return new Map([...paths].map(([path, ofPath]) => [path, ofPath.flatMap(({ method }) => allowedBy(method))]));
}

const allowedBy = (method: HTTPMethods): HTTPMethods[] => (method === "GET" ? ["GET", "HEAD"] : [method]);

const everyMethod: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** Answers the methods that a path does not have, and OPTIONS, which says what it has. */
function refuseOthers(scope: FastifyInstance, url: string, methods: readonly HTTPMethods[]): void {
  const allow = [...methods, "OPTIONS"].join(", ");
  scope.route({
    method: everyMethod.filter((method) => !methods.includes(method)),
    url,
    onRequest: async ({ method }) => {
      throw new HttpError("BAD_USER_INPUT", `${method} is not possible here; possible are ${allow}`, {
        status: 405,
        headers: { allow },
      });
    },
    handler: async () => undefined,
  });
  scope.options(url, { config: { cors: { strictPreflight: false, preflightContinue: true } } }, (_request, reply) =>
    reply.status(204).header("allow", allow).send(),
  );
}
