import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { describeRoutes } from "./openapi.ts";
import type { Route } from "./route.ts";

/** The page loads nothing from anywhere else, and nobody can put it in a frame. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const described = new WeakMap<readonly Route[], ReturnType<typeof describeRoutes>>();

/** Servers of one process have the same routes. */
function documentOf(routes: readonly Route[]): ReturnType<typeof describeRoutes> {
  const document = described.get(routes) ?? describeRoutes(routes);
  described.set(routes, document);
  return document;
}

/** Serves the OpenAPI document at `openapi.json`, and at `docs` a page to read it and to try it. */
export async function serveDocs(scope: FastifyInstance, routes: readonly Route[]): Promise<void> {
  const document = documentOf(routes);
  const text = JSON.stringify(document);
  scope.get("/openapi.json", (_request, reply) =>
    reply.type("application/json; charset=utf-8").header("cache-control", "no-cache").send(text),
  );
  // The document's type is another library's word for the same thing.
  await scope.register(swagger, { mode: "static", specification: { document: document as never } });
  await scope.register(swaggerUi, {
    routePrefix: "/docs",
    indexPrefix: scope.prefix,
    staticCSP: contentSecurityPolicy,
    theme: { title: "Raworc Gateway: REST API" },
    uiConfig: { layout: "BaseLayout", deepLinking: true, persistAuthorization: false, tryItOutEnabled: true },
  });
}
