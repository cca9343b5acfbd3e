import { z } from "zod";
import {
  createDocument,
  type ZodOpenApiContentObject,
  type ZodOpenApiHeadersObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponsesObject,
} from "zod-openapi";
import type { Reply, Route } from "./route.ts";

/** Describes the routes as OpenAPI 3.1. */
export const describeRoutes = (routes: readonly Route[]) =>
  createDocument({
    openapi: "3.1.0",
    info: {
      title: "Raworc Gateway",
      version: "v0",
      description:
        "Agents that live in containers. Each of these routes is a GraphQL document: GraphQL at `/graphql` can do all of it, and show it live.",
    },
    servers: [{ url: "/api/v0" }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths: pathsOf(routes),
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      headers: pageHeaders,
      responses: Object.fromEntries(
        Object.entries(refusals).map(([status, { name, ...said }]) => [name, refusal(+status, said)]),
      ),
    },
  });

function pathsOf(routes: readonly Route[]) {
  const byPath = Map.groupBy(routes, ({ path }) => path.replaceAll(/[:*](\w+)/g, "{$1}"));
  return Object.fromEntries(
    [...byPath].map(([path, ofPath]) => [
      path,
      Object.fromEntries(ofPath.map((route) => [route.method.toLowerCase(), operationOf(route)])),
    ]),
  );
}

function operationOf(route: Route): ZodOpenApiOperationObject {
  return {
    operationId: operationIdOf(route),
    tags: [route.tag],
    summary: route.summary,
    security: route.access === "public" ? [] : [{ bearer: [] }],
    requestParams: { path: route.params, query: route.query },
    ...(route.body ? { requestBody: { required: hasRequired(route.body), content: bodyOf(route, route.body) } } : {}),
    responses: { "200": successOf(route), ...refusalsOf(route) },
  };
}

/** The name of the route's document, such as `createAgent`, which is there once. */
const operationIdOf = ({ document }: Route): string => {
  const name = /\b(?:query|mutation|subscription) Rest(\w+)/.exec(document)?.[1] ?? "";
  return name.charAt(0).toLowerCase() + name.slice(1);
};

const hasRequired = (body: z.ZodObject): boolean => !body.safeParse({}).success;

const bodyOf = ({ bodyExample }: Route, schema: z.ZodObject) => ({
  "application/json": { schema, ...(bodyExample === undefined ? {} : { example: bodyExample }) },
});

function successOf(route: Route) {
  const { reply, follow } = route;
  const content = { ...contentOf(reply), ...(follow ? contentOf(follow.reply) : {}) };
  const isEmpty = Object.keys(content).length === 0;
  const description = follow ? `${descriptions[reply.kind]}; ${streamed}` : descriptions[reply.kind];
  return { description, headers: headersOf(route), ...(isEmpty ? {} : { content }) };
}

function headersOf({ isList, reply }: Route): ZodOpenApiHeadersObject {
  if (isList) return Object.fromEntries(Object.keys(pageHeaders).map((name) => [name, headerNamed(name)]));
  const own = reply.kind === "bytes" ? (reply.headers ?? {}) : {};
  return Object.fromEntries(Object.entries(own).map(([name, description]) => [name, header(description)]));
}

const header = (description: string) => ({ description, schema: { type: "string" } }) as const;

const headerNamed = (name: string) => ({ $ref: `#/components/headers/${name}` }) as const;

const streamed =
  "in `text/event-stream` each `data:` is JSON as described here; the last event is `complete` or `error`, and `Last-Event-ID` takes a stream up again where its events have ids";

const descriptions = {
  json: "Done",
  text: "Well",
  bytes: "The bytes, their type as the name says",
  events: `Server-sent events; ${streamed}`,
  empty: "Done; the answer is empty",
} as const;

function contentOf(reply: Reply): ZodOpenApiContentObject {
  switch (reply.kind) {
    case "json":
      return { "application/json": { schema: reply.schema, example: reply.example } };
    case "text":
      return { "text/plain": { schema: z.string(), example: reply.example } };
    case "bytes":
      return { "*/*": { schema: { type: "string", format: "binary" } } };
    case "events":
      // What one event holds: OpenAPI can say more of a stream from 3.2 on.
      return { "text/event-stream": { schema: reply.schema, example: reply.example } };
    case "empty":
      return {};
  }
}

const count = (description: string) => ({ description, schema: { type: "integer", minimum: 0 } }) as const;

const pageHeaders = {
  "X-Total-Count": count("How many there are on all pages"),
  "X-Page-Offset": count("How many were passed over"),
  "X-Page-Limit": count("The longest this page may be"),
};

/** Every status that says no, with the code that stands in the body. */
const refusals = {
  400: { name: "Invalid", code: "BAD_USER_INPUT", description: "Missing, wrong or unreadable input" },
  401: { name: "Unauthenticated", code: "UNAUTHENTICATED", description: "No good token, or a wrong password" },
  403: { name: "Forbidden", code: "FORBIDDEN", description: "Known, but not allowed" },
  404: { name: "NotFound", code: "NOT_FOUND", description: "Unknown, or hidden from the caller" },
  409: { name: "Conflict", code: "CONFLICT", description: "Taken, or not possible in the present state" },
  413: { name: "TooLarge", code: "PAYLOAD_TOO_LARGE", description: "What was sent, or asked for, is too large" },
  415: { name: "NotJson", code: "BAD_USER_INPUT", description: "The body is not JSON" },
  429: { name: "RateLimited", code: "RATE_LIMITED", description: "Too often; see the header Retry-After" },
  503: { name: "Unavailable", code: "UNAVAILABLE", description: "The database or the container engine is away" },
  504: { name: "TimedOut", code: "TIMEOUT", description: "The wait is over; what was asked goes on" },
} as const;

type Status = keyof typeof refusals;

const ErrorBody = z
  .object({ message: z.string(), error: z.object({ code: z.string(), message: z.string() }) })
  .meta({ id: "Error" });

function refusal(status: number, { code, description }: { readonly code: string; readonly description: string }) {
  const headers: ZodOpenApiHeadersObject = status === 429 ? { "Retry-After": count("Seconds to wait") } : {};
  const example = { message: description, error: { code, message: description } };
  return { description, headers, content: { "application/json": { schema: ErrorBody, example } } };
}

function refusalsOf(route: Route): ZodOpenApiResponsesObject {
  const takesInput = route.body !== null || Object.keys(route.query.shape).length > 0;
  const isLogin = route.path.endsWith("/login");
  const hasParameter = /[:*]/.test(route.path);
  const statuses: readonly Status[] = [
    ...(takesInput ? ([400] as const) : []),
    ...(route.access === "bearer" || isLogin ? ([401, 429] as const) : []),
    ...(route.access === "bearer" && hasParameter ? ([403] as const) : []),
    ...(hasParameter && !isLogin ? ([404] as const) : []),
    ...(route.body ? ([413, 415] as const) : []),
    ...route.refusals,
  ];
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `#/components/responses/${refusals[status].name}` }]),
  );
}
