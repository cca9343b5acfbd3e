import { type ExecutionResult, Kind } from "graphql";
import type { Context } from "../graphql/context.ts";
import type { Variables } from "../graphql/cost.ts";
import { type Prepared as PreparedOperation, prepareOwn } from "../graphql/prepare.ts";

/** A route's document, prepared once and for all. */
export interface Prepared {
  readonly operation: PreparedOperation;
  /** The key of the root field in the answer. */
  readonly key: string;
}

/** What has been prepared depends on nothing but its text, and servers of one process have the same routes. */
const known = new Map<string, Prepared>();

/**
 * Prepares a document of a route.
 *
 * @throws {Error} naming the document and everything that is wrong with it: a mistake of ours, found at start.
 */
export function prepareDocument(text: string): Prepared {
  const before = known.get(text);
  if (before) return before;
  try {
    const operation = prepareOwn(text);
    const prepared = { operation, key: rootKeyOf(operation) };
    known.set(text, prepared);
    return prepared;
  } catch (cause) {
    throw new Error(`A route's document is wrong: ${String(cause)}\n${text}`, { cause });
  }
}

function rootKeyOf({ document }: PreparedOperation): string {
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const [field, ...others] = operations.flatMap(({ selectionSet }) => selectionSet.selections);
  if (field?.kind !== Kind.FIELD || others.length > 0) throw new Error("It must have one field at its root");
  return field.alias?.value ?? field.name.value;
}

/**
 * Executes a document and answers what its root field gave: at once where nothing has to be waited for, or later.
 * Remembered rows may be there as {@link Shown}.
 *
 * @throws the first error of the answer, masked and with its code as GraphQL shows it.
 */
export function execute(context: Context, prepared: Prepared, variables: object): unknown {
  const result = prepared.operation.show(context, withoutUndefined(variables));
  return result instanceof Promise ? result.then((later) => dataOf(later, prepared)) : dataOf(result, prepared);
}

/**
 * Subscribes, and gives what the root field gives, as it comes. It ends with the call at the latest.
 *
 * @throws as `execute` does, at once or with a later value.
 */
export async function subscribe(
  context: Context,
  prepared: Prepared,
  variables: object,
): Promise<AsyncGenerator<unknown, void, undefined>> {
  const results = await prepared.operation.subscribe(context, withoutUndefined(variables));
  return Symbol.asyncIterator in results ? valuesOf(results, prepared) : failed(results);
}

/** What a mapping leaves undefined is not sent. */
function withoutUndefined(variables: object): Variables {
  if (!Object.values(variables).includes(undefined)) return { ...variables };
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
}

function dataOf({ data, errors }: ExecutionResult, { key }: Prepared): unknown {
  if (errors?.[0]) throw errors[0];
  return data?.[key];
}

async function* valuesOf(results: AsyncGenerator<ExecutionResult>, prepared: Prepared) {
  for await (const result of results) yield dataOf(result, prepared);
}

function failed({ errors }: ExecutionResult): never {
  throw errors?.[0] ?? new Error("A subscription gave neither events nor an error");
}
