import { readFile } from "node:fs/promises";
import {
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from "graphql";
import { describe, expect, test } from "vitest";
import { httpStatusByCode } from "../../src/errors.ts";
import { printedSchema } from "../../src/graphql/print.ts";
import { isPublic } from "../../src/graphql/root-fields.ts";
import { schema } from "../../src/graphql/schema.ts";

const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
const rootFields = roots.flatMap((root) =>
  Object.values(root?.getFields() ?? {}).map((field) => ({ path: `${root?.name}.${field.name}`, field })),
);

describe("the schema", () => {
  test("is the one in schema.graphql (after a change on purpose: npm run schema)", async () => {
    expect(printedSchema()).toBe(await readFile("schema.graphql", "utf8"));
  });

  test("publishes every code that an error can have", () => {
    const codes = schema.getType("ErrorCode");
    expect(isEnumType(codes) && codes.getValues().map(({ name }) => name)).toEqual(
      Object.keys(httpStatusByCode).toSorted(),
    );
  });

  test("says of every type, input and enum what it is", () => {
    expect(types.filter(({ description }) => !description).map(({ name }) => name)).toEqual([]);
  });

  test("says of every value of an enum what it means, unless its name says so", () => {
    expect(types.filter(isEnumType).flatMap(unexplainedValues)).toEqual([]);
  });

  test("says of every root field what it does", () => {
    const silent = rootFields.filter(({ field }) => !field.description);
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test("says of every field and argument what it is, unless its name says so", () => {
    expect(types.flatMap(unexplained)).toEqual([]);
  });

  test("lets nobody in without a token but to what is public", () => {
    expect(rootFields.filter(({ field }) => isPublic(field)).map(({ path }) => path)).toEqual([
      "Query.health",
      "Query.me",
      "Query.publishedAgent",
      "Query.publishedAgents",
      "Query.version",
      "Mutation.login",
    ]);
  });
});

/** Names that say all there is to say, wherever they stand. */
const plain =
  /^(id|name|agent|user|space|image|state|status|kind|type|description|metadata|tags|createdAt|updatedAt|createdByName|password|token|at|message|reason|input|output|nodes|edges|node|pageInfo|hasNextPage|hasPreviousPage|startCursor|endCursor|totalCount|first|code|secrets|content|ok|checks|network|runtime|limits|items|text|usage|response|expiresAt|filter|after|offset|publishedAt|publishedBy|isPublished|startedAt|completedAt|modifiedAt|lastLoginAt|stdout|stderr)$/;

function unexplained(type: GraphQLNamedType): string[] {
  if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return [];
  const fields: readonly (GraphQLField<unknown, unknown> | GraphQLInputField)[] = Object.values(type.getFields());
  const silentFields = fields.filter((field) => !isPlain(field)).map(({ name }) => `${type.name}.${name}`);
  const silentArguments = fields.flatMap((field) =>
    argumentsOf(field)
      .filter((argument) => !isPlain(argument))
      .map(({ name }) => `${type.name}.${field.name}(${name})`),
  );
  return [...silentFields, ...silentArguments];
}

/** Values that say all there is to say: ends for good, kinds of files and of encodings. */
const plainValues = /^(PENDING|COMPLETED|CANCELLED|FAILED|DONE|FILE|DIRECTORY|SYMLINK|OTHER|UTF8|BASE64)$/;

/** A value is explained by words of its own, or by name in those of its enum. */
const unexplainedValues = (type: GraphQLEnumType): string[] =>
  type
    .getValues()
    .filter(({ name, description }) => !description && !type.description?.includes(`\`${name}\``))
    .flatMap(({ name }) => (plainValues.test(name) ? [] : `${type.name}.${name}`));

const argumentsOf = (field: GraphQLField<unknown, unknown> | GraphQLInputField) => ("args" in field ? field.args : []);

const isPlain = ({ name, description }: { readonly name: string; readonly description?: string | null | undefined }) =>
  Boolean(description) || plain.test(name);
