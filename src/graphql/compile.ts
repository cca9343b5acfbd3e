import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  GraphQLError,
  getVariableValues,
  isInputObjectType,
  Kind,
  type OperationDefinitionNode,
  type Source,
  type SourceLocation,
} from "graphql";
import type * as GraphqlJit from "graphql-jit";
import type { Context } from "./context.ts";
import type { Variables } from "./cost.ts";
import { schema } from "./schema.ts";
import { nameOf } from "./type-names.ts";

/** What is there now, or later. */
export type Awaitable<T> = T | Promise<T>;

/** Executes one operation; at once where nothing in it has to be waited for. */
export type Run<Result = ExecutionResult> = (
  root: unknown,
  context: Context,
  variables: Variables,
) => Awaitable<Result>;

/** One operation of a document, with the fragments it may name. */
export interface Operation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

/** Takes the operation of that name, or the only one, out of a document; `null` where there is none or no choice. */
export function operationIn({ definitions }: DocumentNode, name: string | null | undefined): Operation | null {
  const operations = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const named = name == null ? operations : operations.filter((one) => one.name?.value === name);
  const [operation] = named;
  if (!operation || named.length > 1) return null;
  const fragments = definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION);
  return { document: { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] }, operation };
}

/** Executes as graphql-js does. */
export const interpreted =
  ({ document }: Operation): Run =>
  (rootValue, contextValue, variableValues) =>
    execute({ schema, document, rootValue, contextValue, variableValues });

/**
 * Executes with graphql-js, and soon after the second use with what graphql-jit made of the operation, which is ten
 * times as quick. What it cannot compile, and variables it finds fault with, are left to graphql-js.
 */
export function compiledAtSecondUse(operation: Operation): Run {
  const slowly = interpreted(operation);
  return replacedAtSecondUse(slowly, ({ compileQuery, isCompiledQuery }) => {
    const made = compileQuery(schema, operation.document, undefined, jitOptions);
    return isCompiledQuery(made) ? compiledRun(operation, made, slowly) : slowly;
  });
}

export type Jit = typeof GraphqlJit;

/** How the gateway compiles: errors are made for callers, who get no stack. */
export const jitOptions = { disablingCapturingStackErrors: true } as const;

/**
 * Executes as `first` does, and soon after the second use as what `replace` answers, or throws over. graphql-jit is
 * loaded for the first operation that comes again; until then it takes no memory.
 */
export function replacedAtSecondUse<Result>(first: Run<Result>, replace: (jit: Jit) => Run<Result>): Run<Result> {
  let run = first;
  let uses = 0;
  return (root, context, variables) => {
    uses++;
    if (uses === 2) {
      import("graphql-jit").then(replace).then(
        (quickly) => (run = quickly),
        () => undefined, // what cannot be compiled is executed as before
      );
    }
    return run(root, context, variables);
  };
}

/** Executes what was compiled. What it cannot tell rightly is left to `slowly`. */
export function compiledRun(
  { operation }: Operation,
  { query }: Pick<GraphqlJit.CompiledQuery, "query">,
  slowly: Run,
): Run {
  const source = operation.loc?.source;
  const finish = (result: ExecutionResult): ExecutionResult =>
    result.errors ? { ...result, errors: result.errors.map((error) => placed(error, source)) } : result;
  const definitions = operation.variableDefinitions ?? [];
  // Compiled code takes a list for an object, and finds it empty.
  const isStrict = definitions.some(({ type }) => isInputObjectType(schema.getType(nameOf(type))));
  return (root, context, variables) => {
    if (isStrict && getVariableValues(schema, definitions, variables).errors) return slowly(root, context, variables);
    const result: Awaitable<ExecutionResult> = query(root, context, variables);
    if (result instanceof Promise) return result.then(finish);
    // Variables that do not fit are all that leaves no data; graphql-js has the words for them.
    return "data" in result ? finish(result) : slowly(root, context, variables);
  };
}

/** Errors of compiled code know their lines and columns; GraphQL's own tell them from a place in the text. */
function placed({ message, locations, path, originalError }: GraphQLError, source: Source | undefined): GraphQLError {
  const positions = source ? (locations ?? []).map((location) => offsetOf(location, source.body)) : null;
  return new GraphQLError(message, { source, positions, path: path ?? null, originalError: originalError ?? null });
}

function offsetOf({ line, column }: SourceLocation, text: string): number {
  const ends = [...text.matchAll(/\r\n|[\n\r]/g)].map((end) => end.index + end[0].length);
  return ([0, ...ends][line - 1] ?? 0) + column - 1;
}
