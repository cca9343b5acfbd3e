import { getNamedType, isCompositeType, isObjectType, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { isPublic } from "../../src/graphql/root-fields.ts";
import { schema } from "../../src/graphql/schema.ts";
import { routes } from "../../src/rest/routes.ts";
import { rootFields } from "./call.ts";
import { nestedFields } from "./nested.ts";
import { operations } from "./operations.ts";
import { rootOf } from "./root-of.ts";

describe("every field at the root of the schema", () => {
  test.each([...rootFields.keys()])("%s has a line that says what it needs", (path) => {
    expect(operations[path], "add a line to test/access/operations.ts").toBeDefined();
    const field = rootFields.get(path);
    expect(field && isPublic(field)).toBe(operations[path]?.every(({ needs }) => needs === "public"));
  });

  test("is one that exists", () => {
    expect(Object.keys(operations).filter((path) => !rootFields.has(path))).toEqual([]);
  });
});

describe("every route", () => {
  test.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    "%s asks a field that has a line, and is public only if that is",
    (_title, { document, access }) => {
      const lines = operations[rootOf(parse(document))];
      expect(lines, "add a line to test/access/operations.ts").toBeDefined();
      // Who is signed in is told so by a field that answers nobody with null.
      const isOpen = lines?.every(({ needs }) => needs === "public") && rootOf(parse(document)) !== "Query.me";
      expect(access).toBe(isOpen ? "public" : "bearer");
    },
  );
});

/** Types that are parts of lists, not things. */
const ofLists = /(Connection|Edge|^PageInfo)$/;
const roots = new Set<unknown>([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);

const leading = Object.values(schema.getTypeMap())
  .filter(isObjectType)
  .filter((type) => !type.name.startsWith("__") && !ofLists.test(type.name) && !roots.has(type))
  .flatMap((type) =>
    Object.values(type.getFields())
      .filter((field) => isCompositeType(getNamedType(field.type)))
      .map((field) => `${type.name}.${field.name}`),
  );

describe("every field that leads on to other things", () => {
  test.each(leading)("%s has a line that says what it needs", (path) => {
    expect(nestedFields[path], "add a line to test/access/nested.ts").toBeDefined();
  });

  test("is one that exists", () => {
    // Of no type of their own, and still not for everybody.
    const plain = ["Agent.lastError", "Agent.secretNames", "Agent.setupOutput"];
    expect(Object.keys(nestedFields).filter((path) => ![...leading, ...plain].includes(path))).toEqual([]);
  });
});
