import { type ExecutionResult, GraphQLError, type GraphQLErrorOptions } from "graphql";
import type { Logger } from "pino";
import { type ErrorCode, type ErrorFacts, GatewayError, httpStatusByCode, unavailable } from "../errors.ts";
import type { Gateway } from "../gateway.ts";
import { isGivenUp, isStoreAway, isStoreFull, isUnstorable } from "../store/violations.ts";
import { storableRule } from "../text.ts";

/**
 * Shows a thrown error to the caller: a `GatewayError` with its code and facts, anything else as INTERNAL,
 * after it was logged. What has been through here before stays as it is.
 */
export function maskError(error: unknown, log: Pick<Logger, "error">): GraphQLError {
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  const place = error instanceof GraphQLError ? placeOf(error) : {};
  if (original instanceof GatewayError) return showError(original, place);
  // What GraphQL itself finds wrong with a document or its variables.
  if (original instanceof GraphQLError) return isShown(original) ? original : asBadInput(original);
  if (isStoreFull(original)) return maskError(unavailable(diskFull, original), log);
  if (isStoreAway(original)) return maskError(unavailable("The database cannot be reached now", original), log);
  if (isGivenUp(original)) return maskError(unavailable(givenUp, original), log);
  if (isUnstorable(original)) return showError(new GatewayError("BAD_USER_INPUT", `A text ${storableRule}`), place);
  log.error({ err: original, path: place.path?.join(".") }, "an unexpected error");
  return shown("An internal error happened; the log has the details", "INTERNAL", {}, place, null);
}

const diskFull = "The disk is full and nothing was changed; free some space and try again";
const givenUp = "The database gave this up for what others did at the same time; try again";

/** The result with its errors as the caller may see them; the unexpected ones are logged. */
export function maskResult<Result extends ExecutionResult>(result: Result, gateway: Pick<Gateway, "log">): Result {
  const { errors } = result;
  return errors ? { ...result, errors: errors.map((error) => maskError(error, gateway.log)) } : result;
}

/** An error that was meant for callers, as GraphQL shows it. */
export const showError = (error: GatewayError, place: GraphQLErrorOptions = {}): GraphQLError =>
  shown(error.message, error.code, error.facts, place, error);

/** What GraphQL itself refuses, with a code out of our list. */
export function asBadInput(error: GraphQLError): GraphQLError {
  const { code: _code, ...rest } = error.extensions;
  const code: ErrorCode = "BAD_USER_INPUT";
  return new GraphQLError(error.message, { ...placeOf(error), extensions: { code, ...rest } });
}

const placeOf = ({ nodes, source, positions, path }: GraphQLError): GraphQLErrorOptions => ({
  nodes: nodes ?? null,
  source: source ?? null,
  positions: positions ?? null,
  path: path ?? null,
});

function shown(
  message: string,
  code: ErrorCode,
  facts: ErrorFacts,
  place: GraphQLErrorOptions,
  originalError: Error | null,
) {
  return new GraphQLError(message, { ...place, extensions: { code, ...facts }, originalError });
}

const isShown = ({ extensions }: GraphQLError) => Object.hasOwn(httpStatusByCode, String(extensions["code"]));
