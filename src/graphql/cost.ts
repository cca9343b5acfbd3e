import { complexityFromQuery } from "@pothos/plugin-complexity";
import { type DocumentNode, GraphQLError, getVariableValues, type OperationDefinitionNode } from "graphql";
import { badInput } from "../errors.ts";
import { nameOf } from "./type-names.ts";
import { asBadInput, showError } from "./errors.ts";
import { limits } from "./limits.ts";
import { schema } from "./schema.ts";

/** The values of an operation's variables, as they were sent. */
export type Variables = Readonly<Record<string, unknown>>;

/** Why an operation with these variables may not run; `null` when it may. */
export type CostCheck = (variables: Variables) => readonly GraphQLError[] | null;

/** So many different sizes of one operation are remembered. */
const rememberedSizes = 100;

/**
 * Makes the check of what one operation costs, by what the schema declares. Costs depend on the document and on whole
 * numbers (the sizes of pages) alone, so each is computed once for one set of these.
 */
export function costCheckOf(document: DocumentNode, operation: OperationDefinitionNode): CostCheck {
  const sizes = (operation.variableDefinitions ?? [])
    .filter(({ type }) => nameOf(type) === "Int")
    .map(({ variable }) => variable.name.value);
  const known = new Map<string, readonly GraphQLError[] | null>();
  return (variables) => {
    const key = sizes.length === 0 ? "" : sizes.map((name) => sizeIn(variables, name)).join();
    const before = known.get(key);
    if (before !== undefined) return before;
    const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
    if (errors) return errors.map(asBadInput); // says nothing of others with the same sizes
    const refusal = refusalOf(document, variables);
    if (known.size >= rememberedSizes) known.clear();
    known.set(key, refusal);
    return refusal;
  };
}

/** What is not a number has no cost of its own: left out and `null` differ, and the rest is refused as it is. */
function sizeIn(variables: Variables, name: string): string {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  return JSON.stringify(value) ?? "";
}

function refusalOf(document: DocumentNode, variables: Variables): readonly GraphQLError[] | null {
  try {
    const cost = complexityFromQuery(document, { schema, variables: { ...variables } });
    const kind = kinds.find((one) => cost[one] > limits[one]);
    return kind ? [tooLarge(kind, cost[kind])] : null;
  } catch (error) {
    if (error instanceof GraphQLError) return [asBadInput(error)]; // an argument that cannot be
    throw error;
  }
}

const kinds = ["depth", "breadth", "complexity"] as const;

const tooLarge = (kind: (typeof kinds)[number], had: number): GraphQLError =>
  showError(badInput("query", `The query is too large: its ${kind} is ${had}, ${limits[kind]} is allowed`));
