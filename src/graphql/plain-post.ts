import type { IncomingHttpHeaders } from "node:http";
import { safeParse } from "secure-json-parse";
import { isJsonObject, type JsonObject } from "../json.ts";

/** The two media types of an answer to one operation. */
export type MediaType = "application/json" | "application/graphql-response+json";

/** A request that asks one operation. */
export interface Post {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: JsonObject | null;
}

/** One that takes its answer in one piece: nearly all do. */
export interface PlainPost extends Post {
  readonly mediaType: MediaType;
}

interface Sent {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** Reads a plain POST; `null` for anything that is odd in any way, which is for Yoga to answer or refuse. */
export function plainPostIn(sent: Sent): PlainPost | null {
  const mediaType = mediaTypes.get(sent.headers.accept);
  const post = mediaType ? postIn(sent) : null;
  return mediaType && post ? { ...post, mediaType } : null;
}

/** Reads a POST that takes its answer as a stream of events, and nothing else; `null` as above. */
export const eventPostIn = (sent: Sent): Post | null =>
  sent.headers.accept === "text/event-stream" ? postIn(sent) : null;

function postIn({ method, headers, body }: Sent): Post | null {
  if (method !== "POST" || !isPlainJson(headers) || !Buffer.isBuffer(body)) return null;
  const sent: unknown = safeParse(body.toString());
  if (!isJsonObject(sent) || !Object.keys(sent).every((key) => parameters.has(key))) return null;
  const { query, operationName = null, variables = null, extensions = null } = sent;
  if (typeof query !== "string") return null;
  if (operationName !== null && typeof operationName !== "string") return null;
  if (variables !== null && !isJsonObject(variables)) return null;
  if (extensions !== null && !isJsonObject(extensions)) return null;
  return { query, operationName, variables };
}

/** What is accepted, as the usual clients write it; the rest is for Yoga to understand. Of several, the first counts. */
const mediaTypes: ReadonlyMap<string | undefined, MediaType> = new Map([
  [undefined, "application/json"],
  ["*/*", "application/json"],
  ["application/json", "application/json"],
  ["application/graphql-response+json", "application/graphql-response+json"],
  ["application/graphql-response+json,application/json;q=0.9", "application/graphql-response+json"],
  ["application/graphql-response+json, application/json", "application/graphql-response+json"],
]);

const parameters: ReadonlySet<string> = new Set(["query", "operationName", "variables", "extensions"]);

const isPlainJson = ({ "content-type": type = "", "content-encoding": encoding }: IncomingHttpHeaders): boolean =>
  (type === "application/json" || type.startsWith("application/json;")) && encoding === undefined;
