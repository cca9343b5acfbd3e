import { type ExecutionResult, type GraphQLObjectType, GraphQLSchema } from "graphql";
import type { CompiledQuery } from "graphql-jit";
import {
  type Awaitable,
  compiledRun,
  interpreted,
  type Jit,
  jitOptions,
  type Operation,
  replacedAtSecondUse,
  type Run,
} from "./compile.ts";
import { type Outline, outlineOf } from "./outline.ts";
import { whenThere } from "./remembered.ts";
import { withRowLeaves } from "./row-leaves.ts";
import { schema } from "./schema.ts";
import { type RowSelection, Shown, type ShowingResult } from "./shown.ts";

/**
 * Executes a query of remembered rows that alone tell what is selected of them. Soon after the second use it leaves them
 * as {@link Shown}. `null` for any other operation.
 */
export function showingAtSecondUse(operation: Operation): Run<ShowingResult> | null {
  const outline = outlineOf(operation, schema);
  const slowly = interpreted(operation);
  return (
    outline &&
    replacedAtSecondUse<ShowingResult>(slowly, (jit) => {
      const query = showingQuery(jit, outline);
      return query ? compiledRun(operation, query, slowly) : slowly;
    })
  );
}

let leaves: GraphQLSchema | undefined;
const schemasOfRows = new Map<string, GraphQLSchema>();

/** The schema of queries that have a row of this type for their root. */
function schemaOfRow(row: GraphQLObjectType): GraphQLSchema {
  const made = schemasOfRows.get(row.name) ?? new GraphQLSchema({ query: row, assumeValid: true });
  schemasOfRows.set(row.name, made);
  return made;
}

/** Compiles the way to the rows, and by itself what is selected of one. `null` for what cannot be compiled. */
function showingQuery(jit: Jit, { document, row, selection }: Outline): Pick<CompiledQuery, "query"> | null {
  const ofRow = jit.compileQuery(schemaOfRow(row), selection, undefined, jitOptions);
  if (!jit.isCompiledQuery(ofRow)) return null;
  const selected: RowSelection = { dataOf: (one) => dataIn(ofRow.query(one, undefined, {})) };
  const customSerializers = { [row.name]: (one: object) => new Shown(one, selected) };
  leaves ??= withRowLeaves(schema);
  const made = jit.compileQuery(leaves, document, undefined, { ...jitOptions, customSerializers });
  if (!jit.isCompiledQuery(made)) return null;
  const mark = (result: ExecutionResult): ShowingResult => ({ ...result, showsRows: true });
  return { query: (root, context, variables) => whenThere(made.query(root, context, variables), mark) };
}

/** @throws {Error} when a row does not tell what it is said to tell alone. */
function dataIn(result: Awaitable<ExecutionResult>): unknown {
  if (result instanceof Promise || result.errors) throw new Error("A row does not tell what is selected of it");
  return result.data;
}
