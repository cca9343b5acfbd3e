/**
 * The closed list of codes a caller can meet, with the HTTP status REST answers for each
 * (design: "GraphQL contract"). Adding one is a change of the contract.
 */
export const httpStatusByCode = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  TIMEOUT: 504,
  INTERNAL: 500,
} as const;

export type ErrorCode = keyof typeof httpStatusByCode;

/** Facts a client can act on; they stand beside `code` in `extensions`. */
export interface ErrorFacts {
  readonly field?: string;
  readonly state?: string;
  readonly retryAfterSeconds?: number;
  /** The first cursor after which the log has no gaps. */
  readonly oldestCursor?: string;
}

/**
 * What a caller may learn of something that went wrong. Anything else that is thrown is a bug:
 * it is logged and the caller sees `INTERNAL`.
 */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}, cause?: unknown) {
    super(message, { cause });
    this.name = "GatewayError";
    this.code = code;
    this.facts = facts;
  }
}

/** The same words for a thing that is missing and one the caller may not see. */
export const notFound = (kind: string, name: string) =>
  new GatewayError("NOT_FOUND", `${kind} "${name}" was not found`);

/** The caller's input breaks a rule; `field` names where, `message` says what is allowed. */
export const badInput = (field: string, message: string) => new GatewayError("BAD_USER_INPUT", message, { field });

/** The thing is known but its present state does not permit the call. */
export const conflict = (message: string, facts: ErrorFacts = {}) => new GatewayError("CONFLICT", message, facts);

/** The database or the container engine cannot be reached now. */
export const unavailable = (message: string, cause?: unknown) => new GatewayError("UNAVAILABLE", message, {}, cause);
