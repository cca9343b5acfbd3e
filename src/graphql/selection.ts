import { type DocumentNode, Kind, visit } from "graphql";
import type { Prepared } from "./prepare.ts";

type Variables = Readonly<Record<string, unknown>> | null | undefined;

/**
 * Names what subscriptions show of the values of a sequence: those with the same name show the same. A variable that
 * only says where to begin, as the field's `argument`, makes no difference.
 */
export type NameOfSelection = (prepared: Prepared, variables: Variables, argument: string | undefined) => string;

/** Makes the names; they are good among each other. */
export function createSelectionNames(): NameOfSelection {
  const known = new WeakMap<Prepared, number>();
  let count = 0;
  return (prepared, variables, argument) => {
    const id = known.get(prepared) ?? ++count;
    known.set(prepared, id);
    const places = argument === undefined ? [] : variablesOnlyFor(prepared.document, argument);
    const shown = Object.entries(variables ?? {}).filter(([name]) => !places.includes(name));
    return JSON.stringify([id, shown.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
  };
}

/** The variables whose only use is as that argument of the field at the root. */
function variablesOnlyFor(document: DocumentNode, argument: string): readonly string[] {
  const uses = new Map<string, number>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name: { value } }) => void uses.set(value, (uses.get(value) ?? 0) + 1),
  });
  return rootArguments(document, argument).filter((name) => uses.get(name) === 1);
}

function rootArguments({ definitions }: DocumentNode, argument: string): readonly string[] {
  const operations = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const fields = operations.flatMap(({ selectionSet }) =>
    selectionSet.selections.filter((one) => one.kind === Kind.FIELD),
  );
  const given = fields.flatMap((field) => (field.arguments ?? []).filter(({ name }) => name.value === argument));
  return given.flatMap(({ value }) => (value.kind === Kind.VARIABLE ? [value.name.value] : []));
}
