import { type DocumentNode, Kind } from "graphql";

/** The one field at the root that a document asks, as `Query.agent`. */
export function rootOf({ definitions: [operation] }: DocumentNode): string {
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("The operation stands first");
  const [field] = operation.selectionSet.selections;
  if (field?.kind !== Kind.FIELD) throw new Error("It has a field at its root");
  return `${operation.operation[0]?.toUpperCase()}${operation.operation.slice(1)}.${field.name.value}`;
}
