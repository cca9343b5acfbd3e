import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from "graphql";
import type { Call, Context } from "../graphql/context.ts";
import type { Yoga } from "../graphql/yoga.ts";

/** A route's document, parsed and validated once and for all. */
export interface Prepared {
  readonly document: DocumentNode;
  /** The key of the root field in the answer. */
  readonly key: string;
}

/**
 * Parses and validates a document. The limits on a document's shape are for callers' documents, not for ours;
 * what it costs is limited where it is executed.
 *
 * @throws {Error} naming the document and everything that is wrong with it: a mistake of ours, found at start.
 */
export function prepareDocument(yoga: Yoga, text: string): Prepared {
  const { schema } = enveloped(yoga, nobody);
  try {
    const document = parse(text, { noLocation: true }); // places in a text that no caller wrote are kept for nobody
    const problems = validate(schema, document);
    if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("; "));
    return { document, key: rootKeyOf(document) };
  } catch (cause) {
    throw new Error(`A route's document is wrong: ${String(cause)}\n${text}`, { cause });
  }
}

/** Yoga's functions for one call, which bring its plugins with them. */
interface Enveloped {
  readonly schema: GraphQLSchema;
  readonly execute: (args: ExecutionArgs) => Promise<ExecutionResult>;
  readonly subscribe: (args: ExecutionArgs) => Promise<AsyncGenerator<ExecutionResult> | ExecutionResult>;
  readonly contextFactory: () => Context | Promise<Context>;
}

const enveloped = (yoga: Yoga, call: Call): Enveloped => yoga.getEnveloped({ call });

const nobody: Call = { authorization: null, address: null, signal: new AbortController().signal };

function rootKeyOf({ definitions }: DocumentNode): string {
  const operations = definitions.filter(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  );
  const [field, ...others] = operations.flatMap(({ selectionSet }) => selectionSet.selections);
  if (field?.kind !== Kind.FIELD || others.length > 0) throw new Error("It must have one field at its root");
  return field.alias?.value ?? field.name.value;
}

/** A call whose caller is known. */
export interface OpenCall {
  readonly context: Context;
  /**
   * Executes a document and answers what its root field gave.
   *
   * @throws the first error of the answer, masked and with its code as GraphQL shows it.
   */
  execute(prepared: Prepared, variables: object): Promise<unknown>;
  /**
   * Subscribes, and gives what the root field gives, as it comes. It ends with the call at the latest.
   *
   * @throws as `execute` does, at once or with a later value.
   */
  subscribe(prepared: Prepared, variables: object): Promise<AsyncGenerator<unknown, void, undefined>>;
}

/** Opens a call the way every transport does: through Yoga, so that limits and masking are the schema's own. */
export async function openCall(yoga: Yoga, call: Call): Promise<OpenCall> {
  const { schema, execute, subscribe, contextFactory } = enveloped(yoga, call);
  const context = await contextFactory();
  const argsOf = ({ document }: Prepared, given: object): ExecutionArgs => {
    const variables = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    return { schema, document, variableValues: variables, contextValue: { ...context, params: { variables } } };
  };
  return {
    context,
    execute: async (prepared, variables) => dataOf(await execute(argsOf(prepared, variables)), prepared),
    async subscribe(prepared, variables) {
      const results = await subscribe(argsOf(prepared, variables));
      return Symbol.asyncIterator in results ? valuesOf(results, prepared) : failed(results);
    },
  };
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
