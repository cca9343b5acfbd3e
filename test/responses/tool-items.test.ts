import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readsOf } from "../lists/plans.ts";
import { startTestGateway } from "../support/gateway.ts";
import { overSocket } from "../support/live.ts";
import { beginResponse, complete, createQuietAgent, report } from "../support/worker.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());
beforeAll(() => createQuietAgent(gateway, "asked"));

const steps = [
  { type: "tool_result", tool: "bash", output: "of no call" },
  { type: "tool_call", tool: "bash", args: { command: "one" } },
  { type: "tool_call", tool: "search", args: { q: "two" } },
  { type: "tool_call", tool: "bash", args: { command: "three" } },
  { type: "commentary", text: "meanwhile" },
  { type: "tool_result", tool: "bash", output: "one" },
  { type: "tool_result", tool: "search", output: "two" },
  { type: "tool_result", tool: "bash", output: "three" },
  { type: "tool_call", tool: "bash", args: { command: "four" } },
] as const;

const partners = `seq
  ... on ToolCallItem { tool args result { seq tool output call { seq } } }
  ... on ToolResultItem { tool output call { seq tool args result { seq } } }`;

/** What stands in `output` of the result, or was given to the call, of each call or result in turn. */
const partnersOf = (items: readonly Shown[]) =>
  items.filter(({ tool }) => tool).map(({ result, call }) => result?.output ?? call?.args ?? null);
interface Shown {
  readonly tool?: string;
  readonly result?: { readonly output: unknown } | null;
  readonly call?: { readonly args: unknown } | null;
}
const [one, two, three] = [{ command: "one" }, { q: "two" }, { command: "three" }];
const all = [null, "one", "two", "three", one, two, three, null];

describe("a tool's call and its result", () => {
  test("lead to each other: the next result of the same tool, in order", async () => {
    const id = await beginResponse(gateway, "asked");
    await report(gateway, id, { output: { items: steps } });
    const { response } = await gateway.data(`{ response(id: "${id}") { output { items { ${partners} } } } }`);
    expect(partnersOf(response.output.items)).toEqual(all);
    const call = response.output.items[1];
    expect(call.result.call.seq).toBe(call.seq);
    await complete(gateway, id, "done");
  });

  test("are found when only one of them was asked for", async () => {
    const id = await beginResponse(gateway, "asked");
    await report(gateway, id, { output: { items: steps } });
    const document = `query ($after: Int, $first: Int) {
      response(id: "${id}") { items(after: $after, first: $first) { ${partners} } }
    }`;
    const shown = [];
    for (let after = 0; ; ) {
      const { items } = (await gateway.data(document, { after, first: 1 })).response;
      if (items.length === 0) break;
      shown.push(...items);
      after = items[0].seq;
    }
    expect(partnersOf(shown)).toEqual(all);
    await complete(gateway, id, "done");
  });

  test("are found live: the result has its call, and a call has none until its result is recorded", async () => {
    const id = await beginResponse(gateway, "asked");
    const query = `subscription ($id: ID!) { responseProgress(id: $id) { item { ${partners} } } }`;
    const watching = overSocket(gateway, { query, variables: { id } });
    const next = async () => {
      for (;;) {
        const { item } = (await watching.next()).responseProgress;
        if (item) return item;
      }
    };
    await report(gateway, id, { output: { items: [{ type: "tool_call", tool: "bash", args: one }] } });
    const call = await next();
    expect(call).toMatchObject({ tool: "bash", result: null });
    await report(gateway, id, { output: { items: [{ type: "tool_result", tool: "bash", output: "one" }] } });
    expect(await next()).toMatchObject({ output: "one", call: { seq: call.seq, args: one } });
    watching.stop();
    await complete(gateway, id, "done");
  });

  test("of many responses take no query for each", async () => {
    const document = `query ($first: Int) {
      agent(name: "asked") { responses(first: $first) { nodes { items(first: 5) { ${partners} } } } }
    }`;
    const count = async (first: number) => {
      gateway.gateway.memory.forgetAll();
      const reads = await readsOf(() => gateway.data(document, { first }));
      return reads.filter(({ sql }) => sql.includes("Event")).length;
    };
    const counts = [await count(1), await count(3)];
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[1]).toBe(counts[0]);
  });
});
