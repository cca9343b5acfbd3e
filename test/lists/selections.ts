import {
  getNamedType,
  type GraphQLField,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from "graphql";
import { schema } from "../../src/graphql/schema.ts";

/** What is looked for in each by itself, in its computer or its whole conversation; its cost is declared. */
const eachByItself = new Set([
  "Agent.files",
  "Agent.file",
  "Agent.context",
  "Session.files",
  "SpaceAgent.logs",
  "Computer.stats",
]);

type Fields = readonly GraphQLField<unknown, unknown>[];

/** The fields of a type that can be asked without saying more. */
export const fieldsOf = (typeName: string): Fields => {
  const type = schema.getType(typeName);
  const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
  return fields.filter(
    (field) => !eachByItself.has(`${typeName}.${field.name}`) && !field.args.some(isRequiredArgument),
  );
};

/** Everything that can be asked of a thing without saying more, and of what it leads to, so deep. */
export const selectionOf = (typeName: string, depth: number): string =>
  fieldsOf(typeName)
    .map((field) => (isLeafType(getNamedType(field.type)) ? field.name : depth > 0 ? leading(field, depth - 1) : ""))
    .filter(Boolean)
    .join(" ") || "__typename";

/** A field that leads on, with what is below it; of a list the first. */
export function leading({ name, type, args }: Fields[number], depth: number): string {
  const of = getNamedType(type).name;
  const short = args.some((arg) => arg.name === "first") ? "(first: 1)" : "";
  if (!of.endsWith("Connection")) return `${name}${short} { ${selectionOf(of, depth)} }`;
  return `${name}${short} { totalCount nodes { ${selectionOf(of.replace("Connection", ""), depth)} } }`;
}
