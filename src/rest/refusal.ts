import { GraphQLError } from "graphql";
import { type ErrorCode, type ErrorFacts, GatewayError, httpStatusByCode } from "../errors.ts";

/** What HTTP has a status for and the list of codes has not. */
interface HttpDetails {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Stands in the body before `message`. */
  readonly body?: object;
}

/** A refusal with a status, headers or a body of its own. */
export class HttpError extends GatewayError {
  readonly details: HttpDetails;

  constructor(code: ErrorCode, message: string, details: HttpDetails) {
    super(code, message);
    this.details = details;
  }
}

/** An answer that says no. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** The refusal that an error means to the caller; `null` when the error was not meant for callers. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof HttpError) return refuse(error.code, error.message, error.facts, error.details);
  if (error instanceof GatewayError) return refuse(error.code, error.message, error.facts);
  if (error instanceof GraphQLError) return refusalOfGraphql(error);
  return refusalOfFastify(error);
}

/** The answer to what nobody foresaw. */
export const internalRefusal = (): Refusal => refuse("INTERNAL", "An internal error happened; the log has the details");

/** GraphQL shows what a `GatewayError` holds: its code, and its facts beside it. */
function refusalOfGraphql({ message, extensions }: GraphQLError): Refusal | null {
  const { code, ...rest } = extensions;
  const facts = rest as ErrorFacts; // as maskError wrote them
  return isErrorCode(code) ? refuse(code, inRestWords(message, facts.field), facts) : null;
}

const isErrorCode = (code: unknown): code is ErrorCode => typeof code === "string" && code in httpStatusByCode;

/** What the HTTP server itself refuses has a status below 500 and words fit for the caller. */
function refusalOfFastify(error: unknown): Refusal | null {
  if (!(error instanceof Error) || !("statusCode" in error) || typeof error.statusCode !== "number") return null;
  const status = error.statusCode;
  if (status === 413) return refuse("PAYLOAD_TOO_LARGE", "The body is too large");
  if (status === 414) return refuse("NOT_FOUND", "Nothing has so long a name");
  if (status === 415) return refuse("BAD_USER_INPUT", notJson, {}, { status });
  return status >= 400 && status < 500 ? refuse("BAD_USER_INPUT", error.message, {}, { status }) : null;
}

/** The words for a body that says of itself that it is something else. */
export const notJson = "The body must be JSON, not compressed, with the header Content-Type: application/json";

function refuse(code: ErrorCode, message: string, facts: ErrorFacts = {}, details: HttpDetails = {}): Refusal {
  const { status = httpStatusByCode[code], headers = {}, body = {} } = details;
  return {
    status,
    headers: { ...headers, ...headersFor(status, facts) },
    body: { ...body, message, error: { code, message } },
  };
}

function headersFor(status: number, { retryAfterSeconds }: ErrorFacts): Readonly<Record<string, string>> {
  if (status === 401) return { "www-authenticate": 'Bearer realm="raworc"' };
  if (status === 429) return { "retry-after": String(Math.max(1, Math.ceil(retryAfterSeconds ?? 1))) };
  return {};
}

/** GraphQL names fields in camelCase; here they have underscores. */
const inRestWords = (message: string, field: string | undefined): string =>
  field
    ? message.replaceAll(`"${field}"`, `"${field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}"`)
    : message;
