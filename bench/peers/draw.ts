import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

/** What is to be drawn: rows on standard input, as JSON. */
export const readRows = (): unknown => JSON.parse(readFileSync(0, "utf8"));

/** Draws a figure into the file that the program was started with. */
export function draw(options: Plot.PlotOptions): void {
  const file = process.argv[2] ?? "plot.svg";
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const figure = Plot.plot({ document, width: 720, marginRight: 60, ...options });
  figure.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  figure.setAttribute("style", "background: white; color: black");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${figure.outerHTML}\n`);
}
