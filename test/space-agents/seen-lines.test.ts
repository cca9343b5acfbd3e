import { describe, expect, test } from "vitest";
import { SeenLines } from "../../src/domain/space-agents/seen-lines.ts";
import type { LogLine } from "../../src/runtime/runtime.ts";

const line = (second: number, text: string): LogLine => ({ at: new Date(second * 1000), stream: "stdout", text });
const one = { id: "one", generation: 1 };
const newOf = (seen: SeenLines, lines: readonly LogLine[]) =>
  lines.filter((each) => seen.isNew(each)).map(({ text }) => text);

describe("a log that is opened again", () => {
  test("shows each line once, also of lines of one moment", () => {
    const seen = new SeenLines(5);
    expect(seen.open(one)).toBe(5);
    const first = [line(1, "a"), line(2, "b"), line(2, "c")];
    expect(newOf(seen, first)).toEqual(["a", "b", "c"]);
    expect(seen.open(one)).toBeGreaterThan(5);
    expect(newOf(seen, [...first, line(2, "d"), line(3, "e")])).toEqual(["d", "e"]);
    seen.open(one);
    expect(newOf(seen, [...first, line(2, "d"), line(3, "e")])).toEqual([]);
  });

  test("shows lines out of order as they come", () => {
    const seen = new SeenLines(5);
    seen.open(one);
    expect(newOf(seen, [line(2, "late"), line(1, "early")])).toEqual(["late", "early"]);
  });

  test("of another container shows everything", () => {
    const seen = new SeenLines(5);
    seen.open(one);
    expect(newOf(seen, [line(9, "old")])).toEqual(["old"]);
    seen.open({ id: "two", generation: 1 });
    expect(newOf(seen, [line(1, "new")])).toEqual(["new"]);
  });
});
