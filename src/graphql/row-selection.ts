import {
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  isLeafType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from "graphql";

/** Whether rows of this type come out of the memory: one defined with `extensions: { isRemembered: true }`. */
export const isRemembered = ({ extensions }: GraphQLObjectType): boolean => extensions["isRemembered"] === true;

type Fragments = readonly FragmentDefinitionNode[];

/**
 * Whether a row alone tells all that is selected of it: whoever may see it is shown the same, for as long as it is the
 * same. So do columns, and fields that are defined with `extensions: { isToldByRow: true }`.
 */
export const isToldByRow = (type: GraphQLObjectType, { selections }: SelectionSetNode, fragments: Fragments): boolean =>
  selections.every((selection) => {
    if (selection.directives && selection.directives.length > 0) return false;
    if (selection.kind === Kind.FIELD) return isFieldToldByRow(type, selection, fragments);
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT
        ? selection
        : fragments.find(({ name }) => name.value === selection.name.value);
    const on = fragment?.typeCondition?.name.value ?? type.name;
    return fragment !== undefined && on === type.name && isToldByRow(type, fragment.selectionSet, fragments);
  });

function isFieldToldByRow(type: GraphQLObjectType, { name, selectionSet }: FieldNode, fragments: Fragments): boolean {
  if (name.value === "__typename") return true;
  const field = type.getFields()[name.value];
  if (!field || field.args.length > 0 || !isDefinedSo(field)) return false;
  const inner = getNamedType(field.type);
  if (isLeafType(inner)) return true;
  return isObjectType(inner) && selectionSet !== undefined && isToldByRow(inner, selectionSet, fragments);
}

/** The builder notes which column a field exposes. */
const isDefinedSo = ({ extensions }: GraphQLField<unknown, unknown>): boolean =>
  extensions["pothosExposedField"] !== undefined || extensions["isToldByRow"] === true;
