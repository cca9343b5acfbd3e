import { createSourceEventStream, type DocumentNode, type ExecutionResult, GraphQLError } from "graphql";
import { LRUCache } from "lru-cache";
import { type CheckOptions, checkDocument, checkOwnDocument, type Refused, rulesFor } from "./check.ts";
import { hasPlainConditions, isCompilable } from "./compilable.ts";
import { type Awaitable, compiledAtSecondUse, interpreted, type Operation, operationIn, type Run } from "./compile.ts";
import type { Context } from "./context.ts";
import { costCheckOf, type Variables } from "./cost.ts";
import { asBadInput, maskError, maskResult } from "./errors.ts";
import { mapEvents } from "./map-events.ts";
import { schema } from "./schema.ts";
import { showingAtSecondUse } from "./show-rows.ts";
import type { ShowingResult } from "./shown.ts";

/** An operation that was found good, ready to be executed any number of times. Its cost is looked at each time. */
export interface Prepared {
  readonly kind: "query" | "mutation" | "subscription";
  readonly document: DocumentNode;
  /**
   * Executes; at once where nothing has to be waited for. Errors are masked and bear their codes; there is no `data`
   * when the operation was refused as a whole. An event of a subscription is executed as its `root`.
   */
  execute(context: Context, variables?: Variables | null, root?: unknown): Awaitable<ExecutionResult>;
  /** Executes likewise, for one who writes the answer as JSON and can tell what is made of a remembered row. */
  show(context: Context, variables?: Variables | null): Awaitable<ShowingResult>;
  /** What a subscription shows: events, each to be executed as the root; or one result that says why there are none. */
  open(context: Context, variables?: Variables | null): Promise<AsyncIterable<unknown> | ExecutionResult>;
  /** Subscribes: results as events come, or one result that says why not. What it throws is masked as well. */
  subscribe(context: Context, variables?: Variables | null): Promise<AsyncGenerator<ExecutionResult> | ExecutionResult>;
}

/** A caller's document, looked at once. */
export interface CheckedDocument {
  /** What was parsed; `null` when that was not possible. */
  readonly document: DocumentNode | null;
  /** All that is wrong with it. */
  readonly errors: readonly GraphQLError[];
  /** Its operation of that name, or its only one; `null` where there is none, or no choice was made. */
  operation(name: string | null | undefined): Prepared | null;
}

/** The documents of one gateway's callers, as they are executed by every transport. */
export interface Documents {
  /** Looks at a document, or remembers it; refused ones are remembered too. */
  check(text: string): CheckedDocument;
  /** One operation of a document that a caller sent. */
  prepare(text: string, operationName?: string | null): Prepared | Refused;
}

/** So much is remembered: documents, characters of their texts, and characters of one that is worth it. */
const remembered = { documents: 250, characters: 150_000, longest: 20_000 } as const;

/** Makes the memory of documents. What was used last stays longest. */
export function createDocuments(options: CheckOptions): Documents {
  const rules = rulesFor(options);
  const known = new LRUCache<string, CheckedDocument>({
    max: remembered.documents,
    maxSize: remembered.characters,
    maxEntrySize: remembered.longest,
    sizeCalculation: (_checked, text) => text.length + 1,
  });
  const check = (text: string): CheckedDocument => {
    const before = known.get(text);
    if (before) return before;
    const checked = checkedDocument(checkDocument(text, rules));
    known.set(text, checked);
    return checked;
  };
  return {
    check,
    prepare(text, operationName) {
      const checked = check(text);
      if (checked.errors.length > 0) return checked;
      return checked.operation(operationName) ?? { errors: [noOperation()] };
    },
  };
}

const noOperation = () => asBadInput(new GraphQLError("Could not determine what operation to execute."));

/**
 * Prepares a document of the gateway's own, for as long as it is held. Nothing limits its shape; what it costs is
 * looked at as for everyone.
 *
 * @throws {Error} with everything that is wrong with it: a mistake of ours, found at start.
 */
export function prepareOwn(text: string): Prepared {
  const document = checkOwnDocument(text);
  const operation = operationIn(document, null);
  if (!operation) throw new Error("It must have one operation");
  return prepared(operation, hasPlainConditions(document));
}

function checkedDocument(document: DocumentNode | Refused): CheckedDocument {
  if ("errors" in document) return { document: null, errors: document.errors, operation: () => null };
  const operations = new Map<string | null, Prepared>();
  return {
    document,
    errors: [],
    operation(name = null) {
      const before = operations.get(name);
      if (before) return before;
      const operation = operationIn(document, name);
      if (!operation) return null; // not remembered: callers have any number of names
      const made = prepared(operation, isCompilable(operation));
      operations.set(name, made);
      return made;
    },
  };
}

const none: Variables = {};

function prepared(operation: Operation, mayCompile: boolean): Prepared {
  const { document } = operation;
  const checkCost = costCheckOf(document, operation.operation);
  const run = mayCompile ? compiledAtSecondUse(operation) : interpreted(operation);
  let showing: Run<ShowingResult> | undefined;
  const open = async (context: Context, variables: Variables) => {
    const errors = checkCost(variables);
    if (errors) return { errors };
    const events = await createSourceEventStream({
      schema,
      document,
      contextValue: context,
      variableValues: variables,
    });
    return Symbol.asyncIterator in events ? events : maskResult(events, context.gateway);
  };
  return {
    kind: operation.operation.operation,
    document,
    open: (context, variables) => open(context, variables ?? none),
    execute(context, variables, root) {
      const errors = checkCost(variables ?? none);
      return errors ? { errors } : masked(run, root, context, variables ?? none);
    },
    show(context, variables) {
      const errors = checkCost(variables ?? none);
      if (errors) return { errors };
      showing ??= (mayCompile && showingAtSecondUse(operation)) || run;
      return masked(showing, undefined, context, variables ?? none);
    },
    async subscribe(context, variables) {
      const events = await open(context, variables ?? none);
      if (!(Symbol.asyncIterator in events)) return events;
      const execute = (event: unknown) => masked(run, event, context, variables ?? none);
      return mapEvents(events, execute, (error) => maskError(error, context.gateway.log));
    },
  };
}

function masked<Result extends ExecutionResult>(
  run: Run<Result>,
  root: unknown,
  context: Context,
  variables: Variables,
): Awaitable<Result> {
  const result = run(root, context, variables);
  if (result instanceof Promise) return result.then((later) => maskResult(later, context.gateway));
  return maskResult(result, context.gateway);
}
