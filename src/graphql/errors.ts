import { type ExecutionResult, GraphQLError, type GraphQLErrorOptions } from "graphql";
import { handleStreamOrSingleExecutionResult, type Plugin } from "graphql-yoga";
import type { Logger } from "pino";
import { type ErrorCode, type ErrorFacts, GatewayError, httpStatusByCode, unavailable } from "../errors.ts";
import { isStoreAway, isStoreFull } from "../store/violations.ts";
import type { Context } from "./context.ts";

/**
 * Shows a thrown error to the caller: a `GatewayError` with its code and facts, anything else as INTERNAL,
 * after it was logged. What has been through here before stays as it is.
 */
export function maskError(error: unknown, log: Pick<Logger, "error">): GraphQLError {
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  const place = error instanceof GraphQLError ? { nodes: error.nodes, path: error.path } : {};
  if (original instanceof GatewayError) return shown(original.message, original.code, original.facts, place, original);
  // What GraphQL itself finds wrong with a document or its variables.
  if (original instanceof GraphQLError) return isShown(original) ? original : withCode(original);
  if (isStoreFull(original)) return maskError(unavailable(diskFull, original), log);
  if (isStoreAway(original)) return maskError(unavailable("The database cannot be reached now", original), log);
  log.error({ err: original, path: place.path?.join(".") }, "an unexpected error");
  return shown("An internal error happened; the log has the details", "INTERNAL", {}, place, null);
}

const diskFull = "The disk is full and nothing was changed; free some space and try again";

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

const isShown = ({ extensions }: GraphQLError) => Object.hasOwn(httpStatusByCode, String(extensions["code"]));

/** Gives every error of a document and of its execution a code out of our list; the unexpected ones are logged. */
export const errorPlugin = (): Plugin<Context> => ({
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
  onExecute: ({ args }) => ({
    onExecuteDone: (done) => handleStreamOrSingleExecutionResult(done, showErrors(args.contextValue)),
  }),
  onSubscribe: ({ args }) => ({
    onSubscribeResult: (done) => handleStreamOrSingleExecutionResult(done, showErrors(args.contextValue)),
    onSubscribeError({ error, setError }) {
      setError(maskError(error, args.contextValue.gateway.log));
    },
  }),
});

interface Executed {
  readonly result: ExecutionResult;
  readonly setResult: (result: ExecutionResult) => void;
}

const showErrors =
  ({ gateway }: Context) =>
  ({ result, setResult }: Executed) => {
    if (result.errors) setResult({ ...result, errors: result.errors.map((error) => maskError(error, gateway.log)) });
  };
