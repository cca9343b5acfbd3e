import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { send } from "../rest/rest.ts";
import { startTestGateway } from "../support/gateway.ts";
import { storeMany } from "./many.ts";

const many = 10_000;
const rounds = 12;

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
beforeAll(async () => {
  gateway = await startTestGateway();
  await gateway.controller.stop(); // it would look after all of them meanwhile
  await storeMany(gateway.gateway.store, many);
}, 60_000);
afterAll(() => gateway.stop());

/** How long the calls took, each alone, in turn, so that both meet the same noise. */
async function medianMs(...calls: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  const taken: number[][] = calls.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, call] of calls.entries()) {
      const began = performance.now();
      await call();
      taken[index]?.push(performance.now() - began);
    }
  }
  return taken.map((times) => times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0);
}

const fields = { agents: "name state tags space description createdAt", sessions: "id state space metadata createdAt" };
const filters = {
  agents: ["", "filter: { states: [SLEPT] }", `filter: { space: "space-3" }`, `filter: { tags: ["tag7"] }`],
  sessions: ["", "filter: { states: [SUSPENDED] }", `filter: { space: "space-3" }`],
};
const cases = Object.entries(filters).flatMap(([list, ofList]) =>
  ofList.map((filter) => ({ list: list as keyof typeof fields, filter, title: `${list} ${filter || "all"}` })),
);

const page = (list: keyof typeof fields, args: readonly string[], selection: string = fields[list]) => {
  const given = args.filter(Boolean).join(", ");
  return gateway.data(`{ ${list}${given && `(${given})`} { nodes { ${selection} } pageInfo { endCursor } } }`);
};

/** The cursor before the last hundred. */
async function deepest(list: keyof typeof fields, filter: string): Promise<string> {
  const { [list]: of } = await gateway.data(`{ ${list}${filter ? `(${filter})` : ""} { totalCount } }`);
  const args = [filter, "first: 1", `offset: ${of.totalCount - 101}`];
  return (await page(list, args, "__typename"))[list].pageInfo.endCursor;
}

describe.each(cases)("of $title among ten thousand", ({ list, filter }) => {
  test("the deepest page costs little more than the first, and both come soon", async () => {
    const cursor = await deepest(list, filter);
    const deep = () => page(list, [filter, `after: "${cursor}"`]);
    const first = () => page(list, [filter]);
    expect((await deep())[list].nodes).toHaveLength(100);
    expect((await first())[list].nodes).toHaveLength(100);
    const [firstMs = 0, deepMs = 0] = await medianMs(first, deep);
    // 1.5 times and 50 ms on a quiet machine; the bounds leave room for one that does other work too.
    expect(deepMs).toBeLessThan(3 * firstMs + 10);
    expect(Math.max(firstMs, deepMs)).toBeLessThan(200);
  });
});

describe("over REST, among ten thousand", () => {
  test.each([
    ["/agents", "/agents?offset=9900"],
    ["/agents?state=slept", "/agents?state=slept&offset=7400"],
    ["/sessions", "/sessions?offset=9900"],
  ])("the first and the last page of %s come soon", async (first, last) => {
    const ask = (path: string) => async () => {
      const { status, json } = await send(gateway, "GET", path);
      expect([status, json.length]).toEqual([200, 100]);
    };
    const [firstMs = 0, lastMs = 0] = await medianMs(ask(first), ask(last));
    expect(lastMs).toBeLessThan(3 * firstMs + 20); // an offset is counted through, a cursor is not
    expect(Math.max(firstMs, lastMs)).toBeLessThan(250);
  });
});
