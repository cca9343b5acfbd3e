import { getNamedType, isObjectType, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { operationIn } from "../../src/graphql/compile.ts";
import { costCheckOf } from "../../src/graphql/cost.ts";
import { limits } from "../../src/graphql/limits.ts";
import { schema } from "../../src/graphql/schema.ts";

const checkOf = (text: string) => {
  const operation = operationIn(parse(text), null);
  if (!operation) throw new Error("There is no operation");
  return costCheckOf(operation.document, operation.operation);
};
const messages = (errors: ReturnType<ReturnType<typeof checkOf>>) => errors?.map(({ message }) => message) ?? null;

describe("what a field costs", () => {
  const costs = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type)
      ? Object.values(type.getFields()).flatMap((field) => {
          const cost: unknown = field.extensions["complexity"];
          return typeof cost === "function" ? [{ path: `${type.name}.${field.name}`, field, cost }] : [];
        })
      : [],
  );

  test("depends on nothing but its arguments that are whole numbers: that is what costs are remembered by", () => {
    expect(costs.length).toBeGreaterThan(10);
    for (const { path, field, cost } of costs) {
      const asked = new Set<string | symbol>();
      const args = new Proxy({}, { get: (_target, name) => void asked.add(name) });
      const context = new Proxy(
        {},
        { get: (_target, name) => expect.fail(`${path} asks the context for ${String(name)}`) },
      );
      cost(args, context, field);
      const types = [...asked].map((name) => getNamedType(field.args.find((arg) => arg.name === name)?.type)?.name);
      expect([path, ...new Set(types)]).toEqual([path, "Int"]);
    }
  });
});

describe("the check of an operation's cost", () => {
  const nested = `query ($first: Int = 10, $name: ID) { agent(name: $name) { responses(first: $first) { nodes {
    agent { responses(first: $first) { nodes { id } } } } } } }`;

  test("tells sizes apart, again and again", () => {
    const check = checkOf(nested);
    const tooLarge = [expect.stringContaining(`${limits.complexity} is allowed`)];
    for (let time = 0; time < 2; time++) {
      expect(check({ name: "x", first: 10 })).toBeNull();
      expect(messages(check({ name: "x", first: 1000 }))).toEqual(tooLarge);
      expect(check({ name: "y" })).toBeNull();
      expect(check({ name: "y", first: null })).toBeNull();
      expect(messages(check({ name: "y", first: 999 }))).toEqual(tooLarge);
    }
  });

  test("knows that a default and nothing are not the same", () => {
    const check = checkOf(nested.replace("= 10", "= 1000"));
    expect(check({ name: "x", first: null })).toBeNull();
    expect(check({ name: "x" })).not.toBeNull();
    expect(check({ name: "x", first: null })).toBeNull();
  });

  test("says what is wrong with variables, and takes nobody else's for wrong", () => {
    const check = checkOf(nested);
    expect(messages(check({ name: {}, first: 10 }))).toEqual([expect.stringContaining(`Variable "$name"`)]);
    expect(check({ name: "x", first: 10 })).toBeNull();
    expect(messages(check({ name: "x", first: "10" }))).toEqual([expect.stringContaining(`Variable "$first"`)]);
    expect(messages(check({ name: "x", first: [10] }))).toEqual([expect.stringContaining(`Variable "$first"`)]);
  });

  test("remembers only so many sizes, and goes on to be right", () => {
    const check = checkOf(nested);
    for (let first = 1; first <= 1000; first += 3) {
      expect([first, check({ first }) === null]).toEqual([first, checkOf(nested)({ first }) === null]);
    }
    expect(check({ first: 10 })).toBeNull();
    expect(check({ first: 1000 })).not.toBeNull();
  });
});
