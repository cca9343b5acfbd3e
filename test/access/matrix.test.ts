import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, type Outcome, rootFields } from "./call.ts";
import { expected } from "./expected.ts";
import { type Operation, operations } from "./operations.ts";
import { type Caller, callers, may } from "./rules.ts";
import { makeWorld, type Thing, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
}, 30_000);
afterAll(() => world.gateway.stop());

interface Case {
  readonly path: string;
  readonly operation: Operation;
}

/** A call that was made. */
interface Asked {
  readonly thing: Thing;
  readonly outcome: Outcome;
  readonly changed: boolean;
}

/** The words without the names of things, so that what is hidden and what is missing can be compared. */
const nameless = ({ outcome: { code, message }, thing: { id, space } }: Asked): string =>
  `${code}: ${message.replaceAll(`"${id}"`, '"…"').replaceAll(`"${space}"`, '"…"')}`;

const cases = Object.entries(operations)
  .filter(([path]) => rootFields.has(path))
  .flatMap(([path, ways]) => ways.map((operation) => ({ path, operation, title: path + titleOf(operation) })));

function titleOf({ way }: Operation): string {
  return way ? ` ${way}` : "";
}

/** Calls with every thing and says in a word what came of it: a code, or MISSING for what is as if it were not there. */
async function askOfAll({ path, operation }: Case, caller: Caller): Promise<[where: string, word: string][]> {
  const asked: Asked[] = [];
  for (const thing of world.things[operation.of]) {
    const before = world.changes();
    const outcome = await call(world, path, operation.args(thing), world.tokens[caller]);
    asked.push({ thing, outcome, changed: world.changes() > before });
  }
  const missing = asked.find(({ thing }) => thing.place === null);
  const words = missing ? nameless(missing) : null;
  return asked.map((one) => [one.thing.where, wordFor(operation, caller, one, nameless(one) === words)]);
}

function wordFor(operation: Operation, caller: Caller, { thing, outcome, changed }: Asked, asMissing: boolean) {
  const { code } = outcome;
  if (code !== "OK" && changed) return `${code} after a change`;
  if (asMissing && code === "NOT_FOUND") return "MISSING";
  // Told the same whether it is there or not, a worker learns nothing.
  if (asMissing && caller === "the worker" && code === "FORBIDDEN") {
    return expected(operation, caller, thing) === code ? code : "MISSING";
  }
  if (thing.place === null && code === "FORBIDDEN" && seesAllSpaces(caller)) return "MISSING";
  return operation.endsIn?.includes(code) ? "OK" : code;
}

describe.each(cases)("$title", (one) => {
  test.each(callers)("answers %s as the contract says, of what is there, hidden and missing", async (caller) => {
    const things = world.things[one.operation.of];
    const wanted = things.map((thing) => [thing.where, expected(one.operation, caller, thing)]);
    expect(await askOfAll(one, caller)).toEqual(wanted);
  });
});

/** To who sees all spaces it is no news which are there: they may be told first that they may not do it anywhere. */
const seesAllSpaces = (caller: Caller): boolean => may(caller, "spaces:get", { space: "away" });
