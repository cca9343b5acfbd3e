import * as fc from "fast-check";
import {
  getNullableType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from "graphql";

/** Values of any kind, which fit hardly anything. */
export const junk = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double(),
  fc.string(),
  fc.constant("IDLE"),
  fc.constant(2 ** 40),
  fc.array(fc.oneof(fc.string(), fc.constant(null), fc.integer()), { maxLength: 3 }),
  fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }),
);

/** Values that fit, nearly: a part of them is something else, or left out. */
export function valuesOf(given: GraphQLInputType): fc.Arbitrary<unknown> {
  const type = getNullableType(given);
  const rarely = (often: fc.Arbitrary<unknown>) =>
    fc.oneof({ arbitrary: often, weight: 12 }, { arbitrary: junk, weight: 1 });
  if (isListType(type)) return rarely(fc.array(valuesOf(type.ofType), { maxLength: 3 }));
  if (isEnumType(type)) return rarely(fc.constantFrom(...type.getValues().map(({ name }) => name)));
  if (!isInputObjectType(type)) return rarely(scalars[String(type)] ?? fc.string());
  const fields = Object.values(type.getFields()).map((field) => [field.name, valuesOf(field.type)] as const);
  const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
  return rarely(fc.record(Object.fromEntries(fields), { requiredKeys: required.map(({ name }) => name) }));
}

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  Boolean: fc.boolean(),
  Int: fc.integer(),
  Float: fc.double({ noNaN: true, noDefaultInfinity: true }),
  ID: fc.oneof(fc.string(), fc.integer()),
  Cursor: fc.oneof(fc.nat().map(String), fc.string()),
  DateTime: fc.oneof(
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.string(),
  ),
  JSON: fc.jsonValue(),
  JSONObject: fc.dictionary(fc.string(), fc.jsonValue()),
};
