import type { IncomingHttpHeaders } from "node:http";
import type { z } from "zod";
import { badInput } from "../errors.ts";
import { isJsonObject } from "../json.ts";
import { pageQuery } from "./fields.ts";
import type { Input, Route } from "./route.ts";

/** A request as HTTP brought it. */
export interface Sent {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}

/** Reads what a caller sent to one route. */
export type ReadInput = (sent: Sent) => Input;

/**
 * Makes the reader of a route. Unknown keys are dropped, `null` means "leave out", no body means `{}`. It throws
 * BAD_USER_INPUT naming every field that is wrong, the first as its `field`.
 */
export function inputReader({
  path,
  params,
  query,
  body,
}: Pick<Route, "path" | "params" | "query" | "body">): ReadInput {
  const [, rest] = /\*(\w+)$/.exec(path) ?? [];
  const readsQuery = Object.keys(query.shape).length > 0;
  return (sent) => ({
    params: read(params, rest ? withRest(sent.params, rest) : sent.params),
    query: readsQuery ? read(query, withoutEmpty(sent.query)) : {},
    body: body ? read(body, withoutNulls(sent.body)) : {},
    lastEventId: sent.headers["last-event-id"]?.toString() || null,
  });
}

/** The server calls the rest of a path `*`; the route has a name for it. */
const withRest = (params: unknown, name: string): object =>
  Object.fromEntries(Object.entries(params ?? {}).map(([key, value]) => [key === "*" ? name : key, value]));

function read(schema: z.ZodObject, value: unknown): unknown {
  const parsed = schema.safeParse(value, { error: sayWhatIsWrong });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
  throw badInput(
    problems[0]?.field ?? "body",
    problems.map(({ field, message }) => `"${field}" ${message}`).join("; "),
  );
}

function withoutNulls(body: unknown): object {
  if (body == null) return {};
  if (!isJsonObject(body)) throw badInput("body", "The body must be a JSON object");
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

/** Forms send every filter, empty ones too; but a page has to be a number. */
const withoutEmpty = (query: unknown): object =>
  Object.fromEntries(Object.entries(query ?? {}).filter(([key, value]) => value !== "" || key in pageQuery.shape));

/** Ends the sentence that the field's name begins. Says nothing of the value, which may be a secret. */
function sayWhatIsWrong(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is required" : `must be ${kinds[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_big":
      return `must be at most ${issue.maximum}`;
    case "too_small":
      return `must be at least ${issue.minimum}`;
    default:
      return "is not valid";
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: "a string",
  int: "a whole number",
  number: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a JSON object",
  record: "a JSON object",
};
