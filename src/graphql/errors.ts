import { GraphQLError, type GraphQLErrorOptions } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { Logger } from "pino";
import { type ErrorCode, type ErrorFacts, GatewayError, unavailable } from "../errors.ts";
import { isStoreAway } from "../store/violations.ts";

/**
 * Shows a thrown error to the caller: a `GatewayError` with its code and facts, anything else as INTERNAL,
 * after it was logged.
 */
export function maskError(error: unknown, log: Pick<Logger, "error">): GraphQLError {
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  const place = error instanceof GraphQLError ? { nodes: error.nodes, path: error.path } : {};
  if (original instanceof GatewayError) return shown(original.message, original.code, original.facts, place, original);
  // What GraphQL itself finds wrong with a document or its variables.
  if (original instanceof GraphQLError) return withCode(original);
  if (isStoreAway(original)) return maskError(unavailable("The database cannot be reached now", original), log);
  log.error({ err: original, path: place.path?.join(".") }, "an unexpected error");
  return shown("An internal error happened; the log has the details", "INTERNAL", {}, place, null);
}

/** GraphQL's own errors with a code out of our list. */
function withCode(error: GraphQLError): GraphQLError {
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

function shown(message: string, code: ErrorCode, facts: ErrorFacts, place: object, originalError: Error | null) {
  return new GraphQLError(message, { ...place, extensions: { code, ...facts }, originalError });
}

/** Gives errors of parsing and validating a code out of our list. */
export const documentErrors = (): Plugin => ({
  onParse:
    () =>
    ({ result, replaceParseResult }) => {
      if (result instanceof GraphQLError) replaceParseResult(withCode(result));
    },
  onValidate:
    () =>
    ({ result, setResult }) => {
      if (result.length > 0) setResult((result as readonly GraphQLError[]).map(withCode)); // validate finds no others
    },
});
