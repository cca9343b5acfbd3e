import { z } from "zod";
import type { Failure } from "../engine.ts";
import { RefusedAddress } from "./address.ts";
import type { ModelChoice } from "./choice.ts";

/** Thrown when an answer goes on beyond what any model writes by intention. */
export class AnswerTooLong extends Error {
  override readonly name = "AnswerTooLong";
}

/** What went wrong with a request to a model. */
export interface Trouble {
  /**
   * `key`: it was refused. `address`: the gateway does not connect to it. `length`: the answer did not end.
   * `request`: asking again will not help. `passing`: asking again may.
   */
  readonly kind: "key" | "address" | "length" | "request" | "passing";
  readonly status?: number;
  readonly retryAfterMs?: number;
  /** The provider's own words. */
  readonly said: string;
}

const Shape = z.object({
  message: z.string().catch(""),
  statusCode: z.number().optional().catch(undefined),
  responseHeaders: z.record(z.string(), z.string()).optional().catch(undefined),
});

/** Sorts what a request to a model threw. Broken connections and unreadable streams count as passing. */
export function troubleOf(error: unknown, now: Date): Trouble {
  if (isOrWraps(error, RefusedAddress)) return { kind: "address", said: "" };
  if (isOrWraps(error, AnswerTooLong)) return { kind: "length", said: "" };
  const { message: said = "", statusCode = 0, responseHeaders = {} } = Shape.safeParse(error).data ?? {};
  if (statusCode < 400) return { kind: "passing", said };
  const retryAfterMs = retryAfter(responseHeaders, now);
  return {
    kind: kindOf(statusCode),
    status: statusCode,
    said,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  };
}

/** The client wraps what its connection threw. */
const isOrWraps = (error: unknown, kind: typeof RefusedAddress | typeof AnswerTooLong): boolean =>
  error instanceof kind || (error instanceof Error && isOrWraps(error.cause, kind));

function kindOf(status: number): Trouble["kind"] {
  if (status === 401 || status === 403) return "key";
  return status >= 500 || [408, 409, 425, 429].includes(status) ? "passing" : "request";
}

function retryAfter(headers: Readonly<Record<string, string>>, now: Date): number | null {
  const ms = Number(headers["retry-after-ms"] ?? Number.NaN);
  const text = headers["retry-after"] ?? "";
  const wait = [ms, Number(text || Number.NaN) * 1000, Date.parse(text) - now.getTime()].find(Number.isFinite);
  return wait === undefined ? null : Math.max(0, wait);
}

/** How the response fails when the trouble does not pass. Carries no key and at most a sentence of the provider's. */
export function failureOf(trouble: Trouble, choice: ModelChoice, attempts: number): Failure {
  const { provider, model } = choice;
  const status = trouble.status === undefined ? {} : { status: trouble.status };
  return {
    reason: trouble.kind === "key" || trouble.kind === "address" ? "MODEL_UNAVAILABLE" : "MODEL_ERROR",
    message: messageOf(trouble, choice, attempts),
    evidence: { provider, model, attempts, ...status },
  };
}

function messageOf(trouble: Trouble, choice: ModelChoice, attempts: number): string {
  const place = choice.keyFrom === "secrets" ? "the secrets of the agent and its space" : "the gateway's environment";
  switch (trouble.kind) {
    case "key":
      return `The model provider refused the key (${trouble.status}); check ${choice.keyName} in ${place}`;
    case "address":
      return (
        "OPENAI_BASE_URL, a secret, leads to an address that is not public; " +
        "the gateway's operator can allow its host in RAWORC_MODEL_HOSTS"
      );
    case "length":
      return "The model's answer went on and on; the gateway broke it off";
    case "request":
      return `The model provider refused the request (${trouble.status})${quoted(trouble.said, choice)}`;
    case "passing":
      return trouble.status === undefined
        ? `The connection to the model broke or its answer was unreadable, ${attempts} times in a row`
        : `The model provider answered ${trouble.status}, ${attempts} times in a row`;
  }
}

function quoted(said: string, { apiKey }: ModelChoice): string {
  const line = said.replaceAll(apiKey, "…").replaceAll(/\s+/g, " ").slice(0, 200).toWellFormed();
  return line ? `: ${line}` : "";
}
