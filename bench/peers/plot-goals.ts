import * as Plot from "@observablehq/plot";
import type { Result } from "../measure.ts";
import { draw, readRows } from "./draw.ts";

type Standing = Required<Pick<Result, "work" | "goal" | "share">>;

// Draws how each number stands to its goal. `node plot-goals.ts FILE.svg < RESULTS.json`
const results = readRows() as Standing[]; // as the bench writes them
const y = ({ work, goal }: Standing) => `${work}, ${goal}`;
draw({
  marginLeft: 430,
  width: 900,
  x: { type: "log", label: "times the goal (right of the line it is reached)", grid: true, tickFormat: "~g" },
  y: { label: null, domain: results.map(y) },
  marks: [
    Plot.ruleY(results, { x1: 1, x2: "share", y, stroke: "lightgray" }),
    Plot.dot(results, { x: "share", y, r: 5, fill: ({ share }: Standing) => (share >= 1 ? "steelblue" : "crimson") }),
    Plot.ruleX([1]),
  ],
});
