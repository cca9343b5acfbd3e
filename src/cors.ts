import type { FastifyInstance, FastifyReply } from "fastify";
import { badInput } from "./errors.ts";

/** What pages may read of an answer beside its body. */
const readable = [
  "X-Total-Count",
  "X-Page-Offset",
  "X-Page-Limit",
  "X-Request-Id",
  "X-Raworc-File-Size",
  "ETag",
  "Retry-After",
].join(", ");
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].join(", ");
const rememberedSeconds = 600;

/**
 * Lets pages of these origins call and read answers, pages of any origin for `*` (Fetch, "CORS protocol").
 * Preflights are answered by the route that OPTIONS has; where there is none, here.
 */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  const isAllowed = origins.includes("*") ? () => true : (origin: string) => origins.includes(origin);
  app.options("*", ({ headers }, reply) => {
    if (headers.origin && headers["access-control-request-method"]) return reply.status(204).send();
    throw badInput("Origin", "OPTIONS is for preflights, with the headers Origin and Access-Control-Request-Method");
  });
  if (origins.length === 0) return; // everybody gets the same
  app.addHook("onRequest", ({ headers: { origin }, method, headers }, reply, done) => {
    // Caches must know that others may get another answer, so also those get it that come from no page.
    reply.header("vary", "Origin");
    if (origin !== undefined && isAllowed(origin)) {
      reply.header("access-control-allow-origin", origin).header("access-control-expose-headers", readable);
      if (method === "OPTIONS") answerPreflight(reply, headers["access-control-request-headers"]);
    }
    done();
  });
}

/** Whatever headers a page wants to send it may send: the token is what counts. */
function answerPreflight(reply: FastifyReply, asked: string | undefined): void {
  reply.header("vary", "Origin, Access-Control-Request-Headers");
  reply.header("access-control-allow-methods", methods).header("access-control-max-age", rememberedSeconds);
  if (asked !== undefined) reply.header("access-control-allow-headers", asked);
}
