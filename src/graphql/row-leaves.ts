import {
  getNamedType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLScalarType,
  GraphQLSchema,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import { isRemembered } from "./row-selection.ts";

/**
 * The schema as it is for one who takes a remembered row for a leaf: the root fields of queries that lead to such rows,
 * at once or through a connection. What is selected of the rows is for others to write.
 */
export function withRowLeaves(schema: GraphQLSchema): GraphQLSchema {
  const made = new Map<string, GraphQLOutputType>();
  const leaf = ({ name }: GraphQLObjectType) => new GraphQLScalarType({ name, serialize: (row) => row });

  const twin = (type: GraphQLOutputType): GraphQLOutputType => {
    if (isNonNullType(type)) return new GraphQLNonNull(twin(type.ofType));
    if (isListType(type)) return new GraphQLList(twin(type.ofType));
    if (!isObjectType(type) || !leadsToRows(type)) return type;
    const known = made.get(type.name) ?? (isRemembered(type) ? leaf(type) : withTwins(type));
    made.set(type.name, known);
    return known;
  };

  const withTwins = (type: GraphQLObjectType, keeps = (_field: GraphQLOutputType) => true): GraphQLObjectType => {
    const fields = Object.entries(type.toConfig().fields)
      .filter(([, field]) => keeps(field.type))
      .map(([name, field]) => [name, { ...field, type: twin(field.type) }] as const);
    return new GraphQLObjectType({ name: type.name, fields: Object.fromEntries(fields) });
  };

  const query = schema.getQueryType();
  return new GraphQLSchema({ query: query && withTwins(query, leadsToRows), assumeValid: true });
}

/** To a remembered row, or to a connection of such rows or an edge of one. */
function leadsToRows(type: GraphQLOutputType): boolean {
  const named = getNamedType(type);
  if (!isObjectType(named)) return false;
  const { nodes, node = nodes } = named.getFields();
  const row = node ? getNamedType(node.type) : named;
  return isObjectType(row) && isRemembered(row);
}
