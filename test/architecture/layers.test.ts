import { describe, expect, test } from "vitest";
import { findImports, type Import, importsOf } from "./imports.ts";
import { layers, parents } from "./layers.ts";

const imports = findImports();
const shown = ({ from, to }: Import) => `${from} imports ${to}`;
const roomOf = (file: string) => /^src\/domain\/([^/]+)\//.exec(file)?.[1];

describe("the layers", () => {
  test.each(layers)("$promise", ({ from, to, except }) => {
    const broken = imports.filter((one) => from.test(one.from) && to.test(one.to) && !except?.test(one.from));

    expect(broken.map(shown)).toEqual([]);
  });
});

describe("the rooms", () => {
  test("each has a line in the table of parents", () => {
    const rooms = new Set(imports.flatMap(({ from }) => roomOf(from) ?? []));

    expect([...rooms].filter((room) => !(room in parents))).toEqual([]);
  });

  test("none is its own ancestor", () => {
    expect(Object.keys(parents).filter((room) => ancestorsOf(room).has(room))).toEqual([]);
  });

  test("import their parents only, never a child or a stranger", () => {
    const broken = imports.filter(({ from, to }) => {
      const [room, other] = [roomOf(from), roomOf(to)];
      return room !== undefined && other !== undefined && room !== other && !ancestorsOf(room).has(other);
    });

    expect(broken.map(shown)).toEqual([]);
  });
});

describe("finding imports", () => {
  test("sees every way to write one", () => {
    const text = [
      'import { a } from "./a.ts";',
      'import type {\n  B,\n  C,\n} from "../b.ts";',
      'import "./c.ts";',
      'export { d } from "./d.ts";',
      'const e = await import("./e.ts");',
      'import { readFileSync } from "node:fs";',
    ].join("\n");

    expect(importsOf("src/x/file.ts", text).map(({ to }) => to)).toEqual([
      "src/x/a.ts",
      "src/b.ts",
      "src/x/c.ts",
      "src/x/d.ts",
      "src/x/e.ts",
    ]);
  });

  test("finds the project's own", () => {
    expect(imports.map(shown)).toContain("src/gateway.ts imports src/events/commit.ts");
  });
});

function ancestorsOf(room: string, seen = new Set<string>()): ReadonlySet<string> {
  for (const parent of parents[room] ?? []) {
    if (seen.has(parent)) continue;
    seen.add(parent);
    ancestorsOf(parent, seen);
  }
  return seen;
}
