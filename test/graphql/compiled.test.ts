import {
  GraphQLObjectType,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  type SelectionNode,
} from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isCompilable } from "../../src/graphql/compilable.ts";
import { operationIn } from "../../src/graphql/compile.ts";
import { schema } from "../../src/graphql/schema.ts";
import { routes } from "../../src/rest/routes.ts";
import { createAgent } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";

const mayCompile = (text: string): boolean => {
  const operation = operationIn(parse(text), null);
  return operation !== null && isCompilable(operation);
};
const spread = (times: number) =>
  `{ version { ...A } } fragment A on Version { ${"...B ".repeat(times)} } fragment B on Version { ${"api ".repeat(9)} }`;

describe("a document is made into code", () => {
  test.each([
    "query ($name: ID!) { agent(name: $name) { name } }",
    "{ agents(first: 5) { nodes { name ...A } } } fragment A on Agent { state __typename }",
    "query ($yes: Boolean!) { version { api @include(if: $yes) } }",
    spread(8),
  ])("when it is plain: %s", (text) => expect(mayCompile(text)).toBe(true));

  test.each([
    `{ agent(name: "x") { name } }`,
    `query ($name: ID = "x") { agent(name: $name) { name } }`,
    `{ agents(filter: { tags: [] }) { nodes { name } } }`,
    `query ($tag: String!) { agents(filter: { tags: [$tag] }) { nodes { name } } }`,
    `{ __schema { queryType { name } } }`,
    `{ __proto__: version { api } }`,
    `query ($__proto__: Int) { agents(first: $__proto__) { nodes { name } } }`,
    `{ b_a: version { api } }`,
    `query ($yes: Boolean!) { version { ...A @include(if: $yes) } } fragment A on Version { api }`,
    `query ($yes: Boolean!) { version { ... { api @include(if: $yes) } } }`,
    spread(9),
  ])("but not when what stands in it could become something else, or it would be large: %s", (text) =>
    expect(mayCompile(text)).toBe(false),
  );
});

describe("a string in a document", () => {
  let gateway: Awaited<ReturnType<typeof startTestGateway>>;
  beforeAll(async () => {
    gateway = await startTestGateway();
    await createAgent(gateway, "told");
  });
  afterAll(() => gateway.stop());

  test("is never run, not even when it looks like a compiler's own mark", async () => {
    const mark = "__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d";
    const text = `${mark}globalThis.wasRun=true`;
    for (let time = 0; time < 4; time++) {
      const { errors } = await gateway.graphql(`query { agent(name: ${JSON.stringify(text)}) { name } }`);
      expect(errors?.[0]?.message).toBe(`Agent "${text}" was not found`);
      await gateway.data(
        `mutation ($text: String) { updateAgent(name: "told", input: { description: $text }) { name } }`,
        { text },
      );
    }
    expect(globalThis).not.toHaveProperty("wasRun");
  });
});

describe("compiled code tells apart", () => {
  test("all fields of the schema, which it knows by type and field in one word", () => {
    const words = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) || isInterfaceType(type)
        ? Object.keys(type.getFields()).map((field) => type.name + field)
        : [],
    );
    expect(words.filter((word, place) => words.indexOf(word) !== place)).toEqual([]);
  });

  test("all places of a route's document, which it knows by names joined with underscores", () => {
    const documents = routes.flatMap(({ document, follow }) => (follow ? [document, follow.document] : [document]));
    for (const document of documents) {
      const words = placesIn(document).map((place) => place.toReversed().join("_"));
      expect(words.filter((word, place) => words.indexOf(word) !== place)).toEqual([]);
    }
  });

  test("what a field of several types holds, without waiting and whatever it is", () => {
    const abstract = Object.values(schema.getTypeMap()).filter(isAbstractType);
    expect(abstract.map(({ name }) => name)).toEqual(["ResponseItem"]);
    for (const type of [undefined, "final", "__proto__", 7]) {
      const name: unknown = abstract[0]?.resolveType?.({ raw: { type } }, {}, {} as never, abstract[0]);
      expect(typeof name === "string" && schema.getType(name)).toBeInstanceOf(GraphQLObjectType);
    }
  });
});

/** The places of an answer, from the root; each once. */
function placesIn(text: string): readonly (readonly string[])[] {
  const document = parse(text);
  const fragments = document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION);
  const places = new Map<string, readonly string[]>();
  const walk = (node: object, above: readonly string[]) => {
    const { selectionSet } = node as { selectionSet?: { selections: readonly SelectionNode[] } };
    for (const one of selectionSet?.selections ?? []) {
      if (one.kind === Kind.FIELD) {
        const place = [...above, (one.alias ?? one.name).value];
        places.set(place.join("."), place);
        walk(one, place);
      } else if (one.kind === Kind.INLINE_FRAGMENT) walk(one, above);
      else walk(fragments.find(({ name }) => name.value === one.name.value) ?? {}, above);
    }
  };
  for (const one of document.definitions) if (one.kind === Kind.OPERATION_DEFINITION) walk(one, []);
  return [...places.values()];
}
