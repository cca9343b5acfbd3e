import { beforeEach, describe, expect, test } from "vitest";
import type { LogEvent } from "../../src/events/event.ts";
import { createMemory, type Memory } from "../../src/events/remember.ts";
import { deletionOf, type Kind, type ListKind, rowsOf, tellingOf } from "../../src/events/remembered.ts";

interface Row {
  readonly id: string;
  readonly state: string;
}

const rows = rowsOf<Row>("row", { keyOf: ({ id }) => id, topics: ({ id }) => [`row:${id}`, deletionOf(`of ${id}`)] });
const list: ListKind<Row> = { name: "rows", rows, topics: () => ["row.created", "row.deleted"] };
const count: Kind<number> = { name: "count", topics: () => ["row:*"] };

let memory: Memory;
let reads: number;
let id: bigint;
beforeEach(() => {
  [memory, reads, id] = [createMemory(), 0, 0n];
});

/** Reads the row, unless it is remembered, as the store holds it now. */
const load = (state: string) =>
  memory.load(rows, ["a"], async () => {
    reads++;
    return [{ id: "a", state }];
  });

function announce(
  type: string,
  { stream = "row:a", row = null, ...payload }: { stream?: string; row?: Row | null; id?: string } = {},
) {
  const place = { id: ++id, seq: 1, actor: null, space: null, ownerId: null, partOf: null, at: new Date(0) };
  memory.hear([{ ...place, stream, type, payload: tellingOf(payload, row) } satisfies LogEvent]);
}

describe("what was read", () => {
  test("is not read again", async () => {
    expect(await load("IDLE")).toEqual([{ id: "a", state: "IDLE" }]);
    expect(await load("IDLE")).toEqual([{ id: "a", state: "IDLE" }]);
    expect(memory.recall(rows, "a")).toEqual({ id: "a", state: "IDLE" });
    expect(reads).toBe(1);
  });

  test.each([
    ["of its stream", "row.changed", {}],
    ["of the deletion of what it belongs to", "owner.deleted", { stream: "owner:x", id: "of a" }],
  ])("is forgotten by an event %s", async (_title, type, event) => {
    await load("IDLE");
    announce("row.changed", { stream: "row:b" });
    expect(memory.recall(rows, "a")).toBeDefined();
    announce(type, event);
    expect(memory.recall(rows, "a")).toBeUndefined();
    expect(await load("BUSY")).toEqual([{ id: "a", state: "BUSY" }]);
  });

  test("is forgotten by an event of its type, and by any of its kind of stream", async () => {
    await memory.load(count, ["all"], async () => [7]);
    await memory.loadLists(list, ["all"], async () => [[]]);
    announce("row.changed", { stream: "row:b" });
    expect([memory.recall(count, "all"), memory.recallList(list, "all")]).toEqual([undefined, []]);
    announce("row.created", { stream: "row:b" });
    expect(memory.recallList(list, "all")).toBeUndefined();
  });

  test("is as the announcement tells it, without another read", async () => {
    await load("IDLE");
    announce("row.changed", { row: { id: "a", state: "BUSY" } });
    expect(await load("never asked")).toEqual([{ id: "a", state: "BUSY" }]);
    announce("row.deleted", { row: { id: "a", state: "BUSY" } });
    expect(memory.recall(rows, "a")).toBeUndefined();
  });

  test("stays in its list, as it is after an event", async () => {
    await memory.loadLists(list, ["all"], async () => [
      [
        { id: "a", state: "IDLE" },
        { id: "b", state: "IDLE" },
      ],
    ]);
    announce("row.changed", { row: { id: "a", state: "BUSY" } });
    expect(memory.recallList(list, "all")).toEqual([
      { id: "a", state: "BUSY" },
      { id: "b", state: "IDLE" },
    ]);
    announce("row.changed");
    expect(memory.recallList(list, "all")).toBeUndefined();
  });

  test("cannot be changed by who reads it", async () => {
    const [row] = await memory.load<{ tags: string[] }>({ name: "tagged", topics: () => [] }, ["a"], async () => [
      { tags: ["one"] },
    ]);
    expect(() => row?.tags.push("two")).toThrow(TypeError);
  });

  test("is not remembered when there was nothing", async () => {
    await memory.load(rows, ["a"], async () => [null]);
    expect(await load("IDLE")).toEqual([{ id: "a", state: "IDLE" }]);
  });
});

describe("what is made of a remembered value", () => {
  const by = {};
  let made = 0;
  const stateOf = (row: Row | null | undefined) =>
    row && memory.derive(row, by, () => ({ text: row.state, place: ++made }));
  beforeEach(() => {
    made = 0;
  });

  test("is kept from the second time on, for as long as the value stays the same", async () => {
    const [row] = await load("IDLE");
    expect([stateOf(row), stateOf(row), stateOf(memory.recall(rows, "a"))]).toEqual([
      { text: "IDLE", place: 1 },
      { text: "IDLE", place: 2 },
      { text: "IDLE", place: 2 },
    ]);
    announce("row.changed", { row: { id: "a", state: "BUSY" } });
    expect(stateOf(memory.recall(rows, "a"))).toEqual({ text: "BUSY", place: 3 });
  });

  test("is another thing for whoever makes another", async () => {
    const [row] = await load("IDLE");
    stateOf(row);
    stateOf(row);
    expect(row && memory.derive(row, {}, () => "another")).toBe("another");
    expect(stateOf(row)).toEqual({ text: "IDLE", place: 2 });
  });

  test("is made anew of a value that is not remembered, or no longer", async () => {
    const [row] = await load("IDLE");
    announce("row.changed");
    expect([stateOf(row)?.place, stateOf(row)?.place]).toEqual([1, 2]);
    const never = { id: "b", state: "IDLE" };
    expect([stateOf(never)?.place, stateOf(never)?.place]).toEqual([3, 4]);
  });

  test("cannot be changed by who gets it", async () => {
    const [row] = await load("IDLE");
    stateOf(row);
    expect(Object.isFrozen(stateOf(row))).toBe(true);
  });

  test("counts against the room there is", async () => {
    const many = Array.from({ length: 1000 }, (_, number) => ({ id: `row ${number}`, state: "IDLE" }));
    await memory.load(
      rows,
      many.map((row) => row.id),
      async () => many,
    );
    for (const row of many) for (const _time of [1, 2]) memory.derive(row, by, () => "x".repeat(100_000));
    const left = many.filter((row) => memory.recall(rows, row.id) !== undefined);
    expect(left.length).toBeGreaterThan(300); // of 32 MiB
    expect(left.length).toBeLessThan(340);
  });
});

describe("reads at the same time", () => {
  test("are one for the same thing", async () => {
    expect(await Promise.all([load("IDLE"), load("IDLE")])).toEqual([
      [{ id: "a", state: "IDLE" }],
      [{ id: "a", state: "IDLE" }],
    ]);
    expect(reads).toBe(1);
  });

  test("of what changes meanwhile are neither kept nor handed to those who ask after the change", async () => {
    const old = Promise.withResolvers<Row[]>();
    const before = memory.load(rows, ["a"], () => old.promise);
    announce("row.changed");
    const after = load("BUSY");
    old.resolve([{ id: "a", state: "IDLE" }]);
    expect(await before).toEqual([{ id: "a", state: "IDLE" }]);
    expect(await after).toEqual([{ id: "a", state: "BUSY" }]);
    expect(memory.recall(rows, "a")).toEqual({ id: "a", state: "BUSY" });
  });

  test("that fail are tried again by who asks next", async () => {
    const failing = memory.load(rows, ["a"], () => Promise.reject(new Error("away")));
    await expect(failing).rejects.toThrow("away");
    expect(await load("IDLE")).toEqual([{ id: "a", state: "IDLE" }]);
  });

  test("read together only what is missing", async () => {
    await load("IDLE");
    const asked: string[][] = [];
    const found = await memory.load(rows, ["b", "a", "b"], async (keys) => {
      asked.push([...keys]);
      return keys.map((key) => ({ id: key, state: "NEW" }));
    });
    expect(found.map((row) => row?.state)).toEqual(["NEW", "IDLE", "NEW"]);
    expect(asked).toEqual([["b"]]);
  });
});

describe("the memory", () => {
  test("forgets everything when an announcement is missing", async () => {
    announce("row.created", { stream: "row:b" });
    await load("IDLE");
    id++;
    announce("row.created", { stream: "row:c" });
    expect(memory.recall(rows, "a")).toBeUndefined();
  });

  test("forgets what was asked for the longest ago when it is full, and takes nothing that is too large", async () => {
    const texts: Kind<string> = { name: "text", topics: () => [] };
    const put = (key: string, bytes: number) => memory.load(texts, [key], async () => ["x".repeat(bytes)]);
    for (let number = 0; number < 70; number++) await put(String(number), 512 * 1024);
    expect([memory.recall(texts, "0"), memory.recall(texts, "69")?.length]).toEqual([undefined, 512 * 1024]);
    await put("large", 4 * 1024 * 1024);
    expect(memory.recall(texts, "large")).toBeUndefined();
  });
});
