import { getNamedType, isLeafType } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";
import { storeMany } from "./many.ts";
import { readsOf } from "./plans.ts";
import { fieldsOf, leading } from "./selections.ts";

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
beforeAll(async () => {
  gateway = await startTestGateway();
  await gateway.controller.stop();
  await storeMany(gateway.gateway.store, 60);
}, 30_000);
afterAll(() => gateway.stop());

const lists: Readonly<Record<string, string>> = { agents: "Agent", sessions: "Session", spaces: "Space" };
// Each field that leads on is asked by itself, for all of them together cost more than one document may.
const cases = Object.entries(lists).flatMap(([list, typeName]) =>
  fieldsOf(typeName)
    .filter(({ type }) => !isLeafType(getNamedType(type)))
    .map((field) => ({ list, typeName, field, title: `${typeName}.${field.name}` })),
);

function documentOf(list: string, selection: string): string {
  return `query ($first: Int) { ${list}(first: $first) { totalCount nodes { ${selection} } } }`;
}

async function readsFor(document: string, first: number): Promise<number> {
  gateway.gateway.memory.forgetAll();
  return (await readsOf(() => gateway.data(document, { first }))).length;
}

/**
 * How many queries a document takes for so many rows, when nothing is remembered. It is the least of three times: on a
 * store that replicas share, what the caller may do is read anew every second.
 */
async function queriesFor(document: string, first: number): Promise<number> {
  const counts = [await readsFor(document, first), await readsFor(document, first), await readsFor(document, first)];
  return Math.min(...counts);
}

test("there are queries to count", async () => {
  expect(await queriesFor("query ($first: Int) { agents(first: $first) { nodes { name } } }", 2)).toBe(1);
});

describe("the number of queries does not grow with the number of rows", () => {
  test.each(Object.entries(lists))("of %s, with all that they say of themselves", async (list, typeName) => {
    const leaves = fieldsOf(typeName).filter(({ type }) => isLeafType(getNamedType(type)));
    const document = documentOf(list, leaves.map(({ name }) => name).join(" "));
    expect(await queriesFor(document, 9)).toBe(await queriesFor(document, 2));
  });

  test.each(cases)("of $list, with $title and all below it", async ({ list, field }) => {
    const document = documentOf(list, leading(field, 1));
    expect(await queriesFor(document, 9)).toBe(await queriesFor(document, 2));
  });
});
