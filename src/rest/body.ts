import type { IncomingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { parse } from "secure-json-parse";
import { badInput } from "../errors.ts";
import { HttpError, notJson } from "./refusal.ts";

/**
 * Reads bodies as JSON and as nothing else. An empty body is none, whatever its type says; a body without a type
 * is taken for JSON.
 */
export function readJsonBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "string" }, async (request: FastifyRequest, text: string) => {
    if (text.trim() === "") return undefined;
    if (!isPlainJson(request.headers)) throw new HttpError("BAD_USER_INPUT", notJson, { status: 415 });
    return parseJson(text);
  });
}

const isPlainJson = ({ "content-type": type, "content-encoding": encoding }: IncomingHttpHeaders): boolean =>
  (type === undefined || /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)) &&
  (encoding === undefined || encoding.toLowerCase() === "identity");

/** Refuses keys such as `__proto__`, which could change more than themselves. */
function parseJson(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // The parser's words can quote the body, which may hold a password; its place cannot.
    const place = error instanceof Error ? /line \d+ column \d+/.exec(error.message)?.[0] : undefined;
    throw badInput("body", `The body is not valid JSON${place ? `, see ${place.replace(" column", ", column")}` : ""}`);
  }
}
