import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../src/graphql/limits.ts";
import { createAgent } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { type Asked, type Ask, waysToAsk } from "./prepared.ts";

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
let ways: Readonly<Record<string, Ask>>;
beforeAll(async () => {
  gateway = await startTestGateway();
  ways = waysToAsk(gateway);
  await createAgent(gateway, "shown", { description: "to be seen", tags: ["a", "b"] });
  await createAgent(gateway, "second", { metadata: { deep: { list: [1, "two", null] } } });
  await import("graphql-jit"); // so that it is at hand when an operation comes for the second time
});
afterAll(() => gateway.stop());

/** Long enough for compiling, which happens between two requests. */
const timesAsked = 4;

const fields = `id name space state description metadata tags isPublished publishedAt publishPermissions { code secrets content }
  idleTimeoutSeconds busyTimeoutSeconds idleFrom createdAt lastActivityAt engine network image
  computer { phase desired generation } runtime { totalSeconds } secretNames`;

/** What is asked, and how it ends: data, a code beside data, or a code and nothing else. */
type Row = readonly [asked: Asked, end: "data" | `data and ${string}` | `no data and ${string}`];

const good: Readonly<Record<string, Row>> = {
  "one thing with all its fields": [
    { query: `query ($name: ID!) { agent(name: $name) { ${fields} } }`, variables: { name: "shown" } },
    "data",
  ],
  "a list with its pages": [
    {
      query: `query ($first: Int) { agents(first: $first) { totalCount nodes { ${fields} } edges { cursor node { name } }
        pageInfo { hasNextPage endCursor } } }`,
      variables: { first: 1 },
    },
    "data",
  ],
  "a page size that is left out": [
    { query: `query ($first: Int) { agents(first: $first) { nodes { name } } }` },
    "data",
  ],
  "a page size that is null": [
    { query: `query ($first: Int) { agents(first: $first) { nodes { name } } }`, variables: { first: null } },
    "data",
  ],
  "a page size by default": [{ query: `query ($first: Int = 1) { agents(first: $first) { nodes { name } } }` }, "data"],
  "a required variable with a default": [
    { query: `query ($first: Int! = 1) { agents(first: $first) { nodes { name } } }` },
    "data",
  ],
  "an argument with an enum, a list and an input object": [
    {
      query: `query ($filter: AgentFilter, $state: AgentState!) {
        mine: agents(filter: $filter) { nodes { name } } idle: agents(filter: { states: [$state] }) { nodes { name } } }`,
      variables: { filter: { states: "IDLE", tags: ["a"] }, state: "IDLE" },
    },
    "data",
  ],
  "values in the document itself": [
    { query: `{ agent(name: "shown") { name } agents(first: 1, filter: { tags: ["a"] }) { nodes { name } } }` },
    "data",
  ],
  "fragments, aliases and type names": [
    {
      query: `query { one: agent(name: "shown") { ...A kind: __typename } agents { nodes { ...A ... on Agent { tags } } } }
        fragment A on Agent { name again: name computer { __typename phase } }`,
    },
    "data",
  ],
  "compiled fragments and aliases": [
    {
      query: `query ($name: ID!) { one: agent(name: $name) { ...A kind: __typename } agents { nodes { ...A ... on Agent { tags } } } }
        fragment A on Agent { name again: name computer { __typename phase } }`,
      variables: { name: "shown" },
    },
    "data",
  ],
  "fields that are left out and taken in": [
    {
      query: `query ($name: ID!, $yes: Boolean!, $no: Boolean = false) { agent(name: $name) {
        name @include(if: $no) id @skip(if: $yes) state @include(if: $yes) tags @skip(if: $no) } }`,
      variables: { name: "shown", yes: true },
    },
    "data",
  ],
  "one fragment under two conditions": [
    {
      query: `query ($yes: Boolean!, $no: Boolean!) { agents { nodes { ...A @include(if: $no) ...A @include(if: $yes)
        parent { ...A @include(if: $no) } } } } fragment A on Agent { name state }`,
      variables: { yes: true, no: false },
    },
    "data",
  ],
  "the operation that was named": [
    {
      query: `query A { version { api } } query B { me { user } } mutation C { cancelAgent(name: "x") { name } }`,
      operationName: "B",
    },
    "data",
  ],
  "a cursor": [
    {
      query: `query ($after: Cursor) { events(after: $after, first: 2) { nodes { cursor type seq } } }`,
      variables: { after: "1" },
    },
    "data",
  ],
  "what the schema says of itself": [
    { query: `{ __typename __schema { queryType { name } } __type(name: "Agent") { kind fields { name } } }` },
    "data",
  ],
  "names that code would take for others": [
    {
      query: `query ($name: ID!) { b_a: agent(name: $name) { name } a: agent(name: $name) { b: parent { name } }
        __proto__: version { api } constructor: me { user } }`,
      variables: { name: "shown" },
    },
    "data",
  ],
};

const refused: Readonly<Record<string, Row>> = {
  "a text that is no document": [{ query: "{ agent(name: }" }, "no data and BAD_USER_INPUT"],
  "a text with nothing in it": [{ query: " # nothing" }, "no data and BAD_USER_INPUT"],
  "fields and arguments that do not exist": [
    { query: `{ nothing agent(nome: "x") { name } agents { rows } }` },
    "no data and BAD_USER_INPUT",
  ],
  "a variable of another type": [
    { query: `query ($name: ID!) { agent(name: $name) { name } }`, variables: { name: { a: 1 } } },
    "no data and BAD_USER_INPUT",
  ],
  "a required variable that is left out": [
    { query: `query ($name: ID!) { agent(name: $name) { name } }` },
    "no data and BAD_USER_INPUT",
  ],
  "a required variable that is null": [
    { query: `query ($name: ID!) { agent(name: $name) { name } }`, variables: { name: null } },
    "no data and BAD_USER_INPUT",
  ],
  "an enum's value that does not exist, deep in an input": [
    {
      query: `query ($f: AgentFilter) { agents(filter: $f) { nodes { name } } }`,
      variables: { f: { states: ["IDLE", "idle"], x: 1 } },
    },
    "no data and BAD_USER_INPUT",
  ],
  "a number that is no whole one": [
    { query: `query ($first: Int) { agents(first: $first) { nodes { name } } }`, variables: { first: "5" } },
    "no data and BAD_USER_INPUT",
  ],
  "a cursor that cannot be": [
    { query: `query ($after: Cursor) { events(after: $after) { nodes { cursor } } }`, variables: { after: "x" } },
    "no data and BAD_USER_INPUT",
  ],
  "a choice of operations that nobody made": [
    { query: `query A { version { api } } query B { me { user } }` },
    "no data and BAD_USER_INPUT",
  ],
  "an operation that is not there": [
    { query: `query A { version { api } }`, operationName: "B" },
    "no data and BAD_USER_INPUT",
  ],
  "answers in pieces, which are not offered": [
    { query: `{ version { api } ... @defer { me { user } } }` },
    "no data and BAD_USER_INPUT",
  ],
  "what costs too much by its variables": [
    {
      query: `query ($first: Int) { agents(first: $first) { nodes { responses(first: $first) { nodes { id } } } } }`,
      variables: { first: limits.pageSize },
    },
    "no data and BAD_USER_INPUT",
  ],
  "a thing that is not there": [
    {
      query: `query ($name: ID!) {\n  version { api }\n  gone: agent(name: $name) { name }\n}`,
      variables: { name: "nowhere" },
    },
    "data and NOT_FOUND",
  ],
  "things that are not there": [
    {
      query: `query ($a: ID!, $b: ID!) { a: agent(name: $a) { name } b: agent(name: $b) { name } }`,
      variables: { a: "x", b: "y" },
    },
    "data and NOT_FOUND",
  ],
  "a required field that fails": [
    {
      query: `query ($first: Int!) {\n  version { api }\n  agents(first: $first) { nodes { name } }\n}`,
      variables: { first: limits.pageSize + 1 },
    },
    "data and BAD_USER_INPUT",
  ],
  "somebody without a token": [
    {
      query: `query ($name: ID!) { version { api } agent(name: $name) { name } }`,
      variables: { name: "shown" },
      token: null,
    },
    "data and UNAUTHENTICATED",
  ],
  "somebody with a bad token": [
    { query: `query ($first: Int) { version { api } agents(first: $first) { nodes { name } } }`, token: "not.a.token" },
    "data and UNAUTHENTICATED",
  ],
};

describe.each(Object.entries({ ...good, ...refused }))("the answer to %s", (_what, [asked, end]) => {
  test("is the same however, and however often, it is asked", async () => {
    const first = await ways["a POST through Yoga"]?.(asked);
    expect(endOf(first ?? {})).toBe(end);
    for (const [way, ask] of Object.entries(ways)) {
      for (let time = 0; time < timesAsked; time++) {
        expect([way, comparable(await ask(asked))]).toEqual([way, comparable(first ?? {})]);
      }
    }
  });

  test("has the same status by both ways to POST", async () => {
    const statusOf = async (way: string) => (await ways[way]?.(asked))?.status;
    expect(await statusOf("a plain POST")).toBe(await statusOf("a POST through Yoga"));
    const media = "for the new media type";
    expect(await statusOf(`a plain POST ${media}`)).toBe(await statusOf(`a POST through Yoga ${media}`));
    expect(await statusOf(`a plain POST ${media}`)).toBe(end.startsWith("no data") ? 400 : 200);
  });
});

/** Fields are resolved side by side, so nothing promises which of two errors comes first. */
const comparable = ({ status: _status, errors, ...answer }: Partial<Awaited<ReturnType<Ask>>>) => ({
  ...answer,
  ...(errors ? { errors: errors.toSorted((a, b) => a.message.localeCompare(b.message)) } : {}),
});

function endOf({ data, errors }: Awaited<ReturnType<Ask>>): string {
  const code = errors?.[0]?.extensions?.code;
  if (!errors) return "data";
  return `${data === undefined ? "no data" : "data"} and ${String(code)}`;
}
