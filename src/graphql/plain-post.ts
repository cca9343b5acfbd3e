import type { IncomingHttpHeaders } from "node:http";
import { safeParse } from "secure-json-parse";
import { isJsonObject, type JsonObject } from "../json.ts";

/** The two media types of an answer to one operation. */
export type MediaType = "application/json" | "application/graphql-response+json";

/** A request that asks one operation, and takes its answer in one piece: nearly all do. */
export interface PlainPost {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: JsonObject | null;
  readonly mediaType: MediaType;
}

interface Sent {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** Reads a plain POST; `null` for anything that is odd in any way, which is for Yoga to answer or refuse. */
export function plainPostIn({ method, headers, body }: Sent): PlainPost | null {
  const mediaType = mediaTypes.get(headers.accept);
  if (method !== "POST" || !mediaType || !isPlainJson(headers) || !Buffer.isBuffer(body)) return null;
  const sent: unknown = safeParse(body.toString());
  if (!isJsonObject(sent) || !Object.keys(sent).every((key) => parameters.has(key))) return null;
  const { query, operationName = null, variables = null, extensions = null } = sent;
  if (typeof query !== "string") return null;
  if (operationName !== null && typeof operationName !== "string") return null;
  if (variables !== null && !isJsonObject(variables)) return null;
  if (extensions !== null && !isJsonObject(extensions)) return null;
  return { query, operationName, variables, mediaType };
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
