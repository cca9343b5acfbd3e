import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import {
  execute,
  type ExecutionResult,
  getNamedType,
  GraphQLBoolean,
  type GraphQLInputType,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  isInputObjectType,
  isObjectType,
  parse,
} from "graphql";
import { compileQuery, isCompiledQuery } from "graphql-jit";
import { describe, expect, test } from "vitest";
import { schema } from "../../src/graphql/schema.ts";
import { junk, valuesOf } from "./input-values.ts";

describe("variables of compiled operations", () => {
  const types = inputTypes();

  test.each(types.map((type) => [String(type), type] as const))("of type %s are what GraphQL says", (_name, type) => {
    const echoing = schemaOf(type);
    const document = parse(`query ($value: ${String(type)}) { echo(value: $value) }`);
    const compiled = compileQuery(echoing, document);
    if (!isCompiledQuery(compiled)) throw new Error("It was not compiled");
    const answersTo = (variableValues: object) => ({
      expected: (execute({ schema: echoing, document, variableValues: { ...variableValues } }) as ExecutionResult).data,
      got: (compiled.query(null, null, variableValues) as ExecutionResult).data,
    });
    const isSame = (variables: object): boolean => {
      const { expected, got } = answersTo(variables);
      // Of objects, what does not fit is looked for before compiled code is asked.
      return expected === undefined ? isObject || got === undefined : isDeepStrictEqual(got, { ...expected });
    };
    const isObject = isInputObjectType(getNamedType(type));
    const value = fc.oneof(valuesOf(type), junk);
    const wrong = fc.check(fc.property(fc.option(fc.record({ value }), { nil: {} }), isSame), { numRuns: 60 });
    expect(wrong.counterexample).toBeNull();
  });
});

/** Every type that an argument has. */
function inputTypes(): readonly GraphQLInputType[] {
  const found = new Map<string, GraphQLInputType>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      for (const arg of field.args) found.set(String(arg.type), arg.type);
    }
  }
  return [...found.values()];
}

/** A schema that answers with the argument it was given. */
function schemaOf(type: GraphQLInputType): GraphQLSchema {
  const anything = new GraphQLScalarType({ name: "Anything", serialize: (value) => ({ value }) });
  const echo = { type: anything, args: { value: { type } }, resolve: (_root: unknown, args: object) => args };
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: "Query", fields: { echo, ok: { type: GraphQLBoolean } } }),
  });
}
