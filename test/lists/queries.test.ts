import {
  getNamedType,
  type GraphQLField,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { schema } from "../../src/graphql/schema.ts";
import { startTestGateway } from "../support/gateway.ts";
import { storeMany } from "./many.ts";
import { readsOf } from "./plans.ts";

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
beforeAll(async () => {
  gateway = await startTestGateway();
  await gateway.controller.stop();
  await storeMany(gateway.gateway.store, 60);
}, 30_000);
afterAll(() => gateway.stop());

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

const fieldsOf = (typeName: string): Fields => {
  const type = schema.getType(typeName);
  const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
  return fields.filter(
    (field) => !eachByItself.has(`${typeName}.${field.name}`) && !field.args.some(isRequiredArgument),
  );
};

/** Everything that can be asked of a thing without saying more, and of what it leads to, so deep. */
const selectionOf = (typeName: string, depth: number): string =>
  fieldsOf(typeName)
    .map((field) => (isLeafType(getNamedType(field.type)) ? field.name : depth > 0 ? leading(field, depth - 1) : ""))
    .filter(Boolean)
    .join(" ") || "__typename";

/** A field that leads on, with what is below it; of a list the first. */
function leading({ name, type, args }: Fields[number], depth: number): string {
  const of = getNamedType(type).name;
  const short = args.some((arg) => arg.name === "first") ? "(first: 1)" : "";
  if (!of.endsWith("Connection")) return `${name}${short} { ${selectionOf(of, depth)} }`;
  return `${name}${short} { totalCount nodes { ${selectionOf(of.replace("Connection", ""), depth)} } }`;
}

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

/** How many queries a document takes for so many rows. */
async function queriesFor(document: string, first: number): Promise<number> {
  await gateway.data(document, { first });
  return (await readsOf(() => gateway.data(document, { first }))).length;
}

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
