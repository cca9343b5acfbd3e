import { readFileSync, globSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Context } from "../../src/graphql/context.ts";
import { createDocuments, prepareOwn } from "../../src/graphql/prepare.ts";

const documents = () => createDocuments({ introspection: true });

describe("the memory of documents", () => {
  test("looks at a document once, good or bad", () => {
    const memory = documents();
    for (const text of ["{ version { api } }", "{ nothing }", "{"]) expect(memory.check(text)).toBe(memory.check(text));
    const checked = memory.check("{ version { api } }");
    expect(checked.operation(null)).toBe(checked.operation(undefined));
  });

  test("forgets what was used longest ago, before it grows too large", () => {
    const memory = documents();
    const [first, kept] = [memory.check("{ version { api } }"), memory.check("{ me { user } }")];
    for (let count = 0; count < 1000; count++) {
      memory.check(`{ version { api } } # ${count}`);
      memory.check("{ me { user } }");
    }
    expect(memory.check("{ version { api } }")).not.toBe(first);
    expect(memory.check("{ me { user } }")).toBe(kept);
  });

  test("does not keep very long texts", () => {
    const memory = documents();
    const text = `{ version { api } } # ${"x".repeat(30_000)}`;
    expect(memory.check(text)).not.toBe(memory.check(text));
  });

  test("keeps nothing of operations that do not exist", () => {
    const memory = documents();
    const text = "query A { version { api } }";
    for (let count = 0; count < 3; count++) {
      expect(memory.prepare(text, `B${count}`)).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    }
    expect(memory.prepare(text, "A")).toBe(memory.prepare(text, "A"));
  });
});

test("a document of the gateway's own may have any shape, but is held to what it costs", async () => {
  const deep = `{ agent(name: "x") { ${"parent { ".repeat(8)}name${" }".repeat(8)} } }`;
  expect(() => prepareOwn(`{ nothing }`)).toThrow("nothing");
  expect(prepareOwn(deep)).toMatchObject({ kind: "query" });
  const dear = prepareOwn(`query Dear($first: Int) { agents(first: $first) { nodes { responses(first: $first) {
    nodes { id } } } } }`);
  const nobody = {} as Context; // nobody is asked who it is before the cost is looked at
  expect(await dear.execute(nobody, { first: 1000 })).toMatchObject({
    errors: [{ extensions: { code: "BAD_USER_INPUT" } }],
  });
});

test("documents are executed in one place, which no transport can pass by", () => {
  const files = globSync("src/**/*.ts").filter((file) => executes(readFileSync(file, "utf8")));
  expect(files.toSorted()).toEqual(["src/graphql/compile.ts", "src/graphql/prepare.ts"]);
});

const executes = (text: string): boolean =>
  [...text.matchAll(/import ([^;]*?) from "graphql(-jit|-yoga)?"/g)].some(([, names = ""]) =>
    /\b(execute|executeSync|subscribe|graphql|graphqlSync|createSourceEventStream|compileQuery)\b/.test(names),
  ) ||
  text.includes("getEnveloped(") ||
  text.includes('import("graphql-jit")');
