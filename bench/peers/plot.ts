import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Measured } from "../harness/rounds.ts";

// Draws the processor time of one work as bars. `node plot.ts FILE.svg < MEASURED.json`
const file = process.argv[2] ?? "plot.svg";
const measured = JSON.parse(readFileSync(0, "utf8")) as Measured[];
const { document } = parseHTML("<!doctype html><html><body></body></html>");

const figure = Plot.plot({
  document,
  marginLeft: 90,
  width: 640,
  x: { label: "CPU of one request, µs", grid: true },
  y: { label: null },
  fy: { label: "connections" },
  marks: [
    Plot.barX(measured, { x: "cpuUs", y: "name", fy: "connections", fill: "name", sort: { y: "x" } }),
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
figure.setAttribute("xmlns", "http://www.w3.org/2000/svg");
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${figure.outerHTML}\n`);
