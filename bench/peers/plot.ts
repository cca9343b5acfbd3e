import * as Plot from "@observablehq/plot";
import type { Measured } from "../harness/rounds.ts";
import { draw, readRows } from "./draw.ts";

// Draws the processor time of one work as bars. `node plot.ts FILE.svg < MEASURED.json`
const measured = readRows() as Measured[]; // as the bench writes them
draw({
  marginLeft: 120,
  x: { label: "processor time of one request, µs", grid: true },
  y: { label: null },
  fy: { label: "connections" },
  marks: [
    Plot.barX(measured, {
      x: "cpuUs",
      y: "name",
      fy: "connections",
      fill: ({ name }: Measured) => (name === "gateway" ? "steelblue" : "lightgray"),
      sort: { y: "x" },
    }),
    Plot.text(measured, {
      x: "cpuUs",
      y: "name",
      fy: "connections",
      dx: 4,
      textAnchor: "start",
      text: ({ cpuUs }: Measured) => cpuUs.toFixed(0),
    }),
    Plot.ruleX([0]),
  ],
});
