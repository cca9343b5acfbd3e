import { parse } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Route } from "../../src/rest/route.ts";
import { routes } from "../../src/rest/routes.ts";
import { send } from "../rest/rest.ts";
import { expected } from "./expected.ts";
import { type Kind, type Operation, operations } from "./operations.ts";
import { nestedFields } from "./nested.ts";
import { type Caller, may, type Permission } from "./rules.ts";
import { rootOf } from "./root-of.ts";
import { makeWorld, type Thing, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
}, 30_000);
afterAll(() => world.gateway.stop());

/** Enough to tell every kind of answer; the schema's own test asks as all. */
const callers: readonly Caller[] = ["nobody", "a stranger", "the developer", "the reader", "the administrator"];

/** What stands for a thing in paths: by the beginning of the path, the parameters. */
const paths: readonly (readonly [pattern: RegExp, kind: Kind, params: (thing: Thing) => Record<string, string>])[] = [
  [/^\/agents\/:name\/responses\/:id/, "response", ({ id, where }) => ({ name: where.replace("of ", ""), id })],
  [/^\/agents\/:name/, "agent", ({ id }) => ({ name: id })],
  [/^\/sessions\/:id/, "session", ({ id }) => ({ id })],
  [/^\/spaces\/:name\/secrets\/:key/, "secret", ({ id, space }) => ({ name: space, key: id })],
  [/^\/spaces\/:name\/agents\/:agent_name/, "spaceAgent", ({ id, space }) => ({ name: space, agent_name: id })],
  [/^\/spaces\/:name\/build\/:build_id/, "build", ({ id, space }) => ({ name: space, build_id: id })],
  [/^\/spaces\/:name/, "space", ({ id }) => ({ name: id })],
  [/^\/(service-accounts|roles)\/:id/, "account", ({ id }) => ({ id })],
  [/^\/operators\/:name/, "account", ({ id }) => ({ name: id })],
  [/^\/role-bindings\/:id/, "binding", ({ id }) => ({ id })],
];

interface Case {
  readonly title: string;
  readonly route: Route;
  readonly operation: Operation;
  readonly params: (thing: Thing) => Record<string, string>;
}

const cases = routes.flatMap((route): Case[] => {
  const [operation] = operations[rootOf(parse(route.document))] ?? [];
  const found = paths.find(([pattern]) => pattern.test(route.path));
  const isPublic = route.access === "public" || operation === undefined;
  const isOfKind = operation?.of === found?.[1] || (found?.[1] === "account" && operation?.of === "role");
  if (isPublic || !found || !isOfKind) return [];
  return [{ title: `${route.method} ${route.path}`, route, operation, params: found[2] }];
});

const statuses: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  MISSING: 404,
  NOT_FOUND: 404,
};

function pathFor({ route, params }: Case, thing: Thing): string {
  const values = params(thing);
  const path = route.path.replaceAll(/:(\w+)/g, (_all, name: string) => encodeURIComponent(values[name] ?? "x"));
  return path.replace(/\*.*$/, "note.txt");
}

/** What the caller must be told: the status of a refusal, or that it was done. */
function wantedFor({ route, operation }: Case, caller: Caller, thing: Thing): number | "done" {
  const word = expected(operation, caller, thing);
  const nested = nestedOf(route.document).every((needs) => thing.place !== null && may(caller, needs, thing.place));
  return statuses[word] ?? (nested ? "done" : 403);
}

/** What the document needs below its root, where it asks for what not everybody may see who sees the agent. */
const nestedOf = (document: string): readonly Permission[] =>
  Object.entries(nestedFields).flatMap(([path, needs]) => {
    const isAsked =
      /^Agent\.(file|files|context)$/.test(path) && new RegExp(`\\b${path.slice(6)}\\s*[({]`).test(document);
    return isAsked && needs !== "same" ? [needs] : [];
  });

function bodyFor({ bodyExample }: Route): { readonly body?: object } {
  if (bodyExample === undefined) return {};
  const { space: _space, ...body } = Object(bodyExample) as Record<string, unknown>; // an example of another world
  return { body: { ...body, background: true } };
}

/** What came of a request. What fails after the change was made fails because here every change is undone. */
async function toldOf(one: Case, caller: Caller, thing: Thing): Promise<number | "done"> {
  const before = world.changes();
  const sending = { token: world.tokens[caller], ...bodyFor(one.route) };
  const { status } = await send(world.gateway, one.route.method, pathFor(one, thing), sending);
  const isRefused = [401, 403, 404, 500].includes(status) && world.changes() === before;
  const isGone =
    status === 404 && wantedFor(one, caller, thing) === "done" && one.operation.endsIn?.includes("NOT_FOUND");
  return isRefused && !isGone ? status : "done";
}

describe.each(cases)("$title", (one) => {
  test.each(callers)("answers %s with the status that the contract gives", async (caller) => {
    const things = world.things[one.operation.of];
    const told: [string, number | "done"][] = [];
    for (const thing of things) told.push([thing.where, await toldOf(one, caller, thing)]);
    expect(told).toEqual(things.map((thing) => [thing.where, wantedFor(one, caller, thing)]));
  });
});

test("of a hidden thing and of a missing one, the answers differ by nothing but the name", async () => {
  const token = world.tokens["the developer"];
  const answers = await Promise.all(
    ["agent-away", "agent-gone"].map(async (name) => {
      const { status, text } = await send(world.gateway, "GET", `/agents/${name}`, { token });
      return [status, text.replaceAll(name, "NAME")];
    }),
  );
  expect(answers[0]).toEqual(answers[1]);
});

test("every route of a thing is asked here", () => {
  const asked = new Set(cases.map(({ route }) => route));
  const ofThings = routes.filter(({ path, access }) => access === "bearer" && path.includes(":"));
  // `/secrets` takes its space from the query and is one with `/spaces/:name/secrets` otherwise.
  const left = ofThings.filter((route) => !asked.has(route) && !route.path.startsWith("/secrets/"));
  expect(left.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
});
