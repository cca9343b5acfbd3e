import { parse, validate } from "graphql";
import { describe, expect, test } from "vitest";
import { examples } from "../../src/graphql/graphiql-examples.ts";
import { schema } from "../../src/graphql/schema.ts";

describe("the examples of GraphiQL", () => {
  const tabs = examples({ password: "admin", warning: null });

  test.each(tabs.map(({ query }) => query))("fit the schema: %s", (query) => {
    expect(validate(schema, parse(query))).toEqual([]);
  });

  test("are narrow enough to be read without scrolling", () => {
    const [first = { query: "" }] = examples({ password: null, warning: "a word ".repeat(50) });
    const lines = [first, ...tabs].flatMap(({ query }) => query.split("\n"));
    expect(lines.filter((line) => line.length > 58)).toEqual([]);
  });

  test("never hold a password that was set or generated", () => {
    expect(examples({ password: null, warning: null })[0]?.query).toContain('password: "PASSWORD"');
  });
});
