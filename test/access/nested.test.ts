import { getNamedType, isLeafType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { schema } from "../../src/graphql/schema.ts";
import { nestedFields } from "./nested.ts";
import { callers, may, type Permission, type Place } from "./rules.ts";
import { makeWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
}, 30_000);
afterAll(() => world.gateway.stop());

const args: Readonly<Record<string, string>> = { "Agent.file": '(path: "note.txt")' };

/** Where an account, a role or a parent is, which are in no space of the agent's. */
const elsewhere: Readonly<Record<string, Place>> = { "Agent.createdBy": { space: null } };

/** What every agent of the world has; a parent or remixes none has. */
const lineage = new Set(["Agent.parent", "Agent.remixes"]);
const limited = Object.entries(nestedFields).filter(
  (entry): entry is [string, Permission] =>
    entry[1] !== "same" && entry[0].startsWith("Agent.") && !lineage.has(entry[0]),
);

function selectionOf(path: string): string {
  const type = schema.getType("Agent");
  const field = isObjectType(type) ? type.getFields()[path.replace("Agent.", "")] : undefined;
  if (!field) throw new Error(`There is no ${path}`);
  const of = getNamedType(field.type);
  const inner = isLeafType(of)
    ? ""
    : /(Connection|Page)$/.test(of.name)
      ? "{ nodes { __typename } }"
      : "{ __typename }";
  return `${field.name}${args[path] ?? ""} ${inner}`;
}

const isEmpty = (value: unknown): boolean =>
  value == null ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === "object" && "nodes" in value && isEmpty(value.nodes));

describe.each(limited)("%s, which needs %s", (path, permission) => {
  const query = `query ($id: ID!) { agent(name: $id) { shown: ${selectionOf(path)} } }`;

  test.each(callers)("is shown to %s only where they may see it, though they see the agent", async (caller) => {
    const seen = world.things.agent.filter(({ place }) => place && may(caller, "agents:get", place));
    const told: [string, boolean][] = [];
    const wanted: [string, boolean][] = [];
    for (const { id, place } of seen) {
      if (caller === "nobody" || caller === "a bad token") continue; // they see it as publishedAgent
      const { data } = await world.gateway.graphql(query, { id }, world.tokens[caller]);
      told.push([id, !isEmpty(data?.agent?.shown)]);
      const own = path === "Agent.createdBy" && caller === "the owner" && place?.madeByOwner === true; // their own account
      wanted.push([id, own || may(caller, permission, elsewhere[path] ?? place ?? { space: null })]);
    }
    expect(told).toEqual(wanted);
  });
});

describe("a published agent", () => {
  test.each(limited)("shows nobody in particular its %s", async (path) => {
    const query = `{ publishedAgent(name: "agent-shown") { name shown: ${selectionOf(path)} } }`;
    const { data } = await world.gateway.graphql(query, {}, null);
    expect(isEmpty(data?.publishedAgent?.shown)).toBe(true);
  });
});
