import {
  BREAK,
  type DocumentNode,
  getNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import type { Operation } from "./compile.ts";
import { isRemembered, isToldByRow } from "./row-selection.ts";

/** A query told apart: how it comes to rows, and what it selects of each. */
export interface Outline {
  /** The query with rows as its leaves. */
  readonly document: DocumentNode;
  readonly row: GraphQLObjectType;
  /** What is selected of a row, as a query that has the row for its root. */
  readonly selection: DocumentNode;
}

/**
 * Tells a query of remembered rows apart. `null` for one that comes to them by more than one way or on conditions, and
 * where a row alone does not tell all that is selected of it.
 */
export function outlineOf({ document, operation }: Operation, schema: GraphQLSchema): Outline | null {
  if (operation.operation !== OperationTypeNode.QUERY || operation.selectionSet.selections.length !== 1) return null;
  const types = new TypeInfo(schema);
  const rows: { readonly row: GraphQLObjectType; readonly selected: SelectionSetNode }[] = [];
  let isPlain = true;
  const refuse = () => {
    isPlain = false;
    return BREAK;
  };
  const outside = visit(
    operation,
    visitWithTypeInfo(types, {
      Field({ selectionSet: selected, ...field }) {
        const row = getNamedType(types.getType());
        if (!selected || !isObjectType(row) || !isRemembered(row)) return undefined;
        rows.push({ row, selected });
        return field;
      },
      Directive: refuse,
      FragmentSpread: refuse,
      InlineFragment: refuse,
    }),
  );
  const [found] = rows;
  if (!isPlain || !found || rows.length > 1) return null;
  const fragments = document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION);
  if (!isToldByRow(found.row, found.selected, fragments)) return null;
  const { variableDefinitions: _none, ...anonymous } = operation;
  return {
    document: { kind: Kind.DOCUMENT, definitions: [outside] },
    row: found.row,
    selection: { kind: Kind.DOCUMENT, definitions: [{ ...anonymous, selectionSet: found.selected }, ...fragments] },
  };
}
