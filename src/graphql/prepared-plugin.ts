import { type DocumentNode, type ExecutionArgs, type ExecutionResult, GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { Context } from "./context.ts";
import type { CheckedDocument, Documents, Prepared } from "./prepare.ts";

/** How Yoga is told the status of a refusal. With `spec`, clients of plain JSON get 200, as they expect. */
interface HttpStatus {
  readonly status: number;
  readonly spec?: true;
}

/** The context as Yoga carries it: it copies the keys of what it is given, and a context is more than its keys. */
export interface Carried {
  readonly context: Context;
}

/** Lets Yoga execute what is prepared, and nothing else. */
export function preparedPlugin(documents: Documents): Plugin {
  const checked = new WeakMap<DocumentNode, CheckedDocument>();
  const preparedFor = ({ document, operationName }: ExecutionArgs): Prepared => {
    const prepared = checked.get(document)?.operation(operationName);
    if (!prepared) throw new Error("Yoga was given a document that nobody looked at");
    return prepared;
  };
  return {
    onParse: ({ params, setParseFn }) =>
      setParseFn(() => {
        const one = documents.check(String(params.source));
        if (!one.document) throw new AggregateError(withStatus(one.errors, { status: 400, spec: true }));
        checked.set(one.document, one);
        return one.document;
      }),
    onValidate: ({ setResult }) => setResult([]),
    onExecute: ({ setExecuteFn }) =>
      setExecuteFn(async (args: ExecutionArgs) =>
        shown(await preparedFor(args).execute(contextIn(args), args.variableValues)),
      ),
    onSubscribe: ({ setSubscribeFn }) =>
      setSubscribeFn(async (args: ExecutionArgs) => {
        const results = await preparedFor(args).subscribe(contextIn(args), args.variableValues);
        return Symbol.asyncIterator in results ? results : shown(results);
      }),
  };
}

const contextIn = ({ contextValue }: ExecutionArgs) => (contextValue as Carried).context; // as Yoga was given it

/** What was refused as a whole is the caller's mistake. */
const shown = (result: ExecutionResult): ExecutionResult =>
  result.errors && !("data" in result) ? { errors: withStatus(result.errors, { status: 400 }) } : result;

const withStatus = (errors: readonly GraphQLError[], http: HttpStatus): GraphQLError[] =>
  errors.map(
    ({ message, nodes, source, positions, path, extensions }) =>
      new GraphQLError(message, {
        nodes: nodes ?? null,
        source: source ?? null,
        positions: positions ?? null,
        path: path ?? null,
        extensions: { ...extensions, http },
      }),
  );
