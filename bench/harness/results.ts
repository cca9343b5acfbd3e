import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Entry, Result } from "../measure.ts";
import { readConditions, type Conditions } from "./conditions.ts";
import type { Measured } from "./rounds.ts";
import { goalTable, measuredTable } from "./tables.ts";

/** What a full run leaves in `results.json`, for whoever reads on with a program. */
export interface Kept extends Conditions {
  readonly results: readonly (Result & { readonly bench: string })[];
  readonly measured: readonly Measured[];
}

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The tables of a run as text; with `keep`, the command it was, also in `results.md` and `results.json`, with plots. */
export async function writeResults(
  entries: readonly Entry[],
  { keep }: { readonly keep: string | null },
): Promise<string> {
  const measured = entries.flatMap((entry) => entry.measured ?? []);
  const goals = goalTable(entries);
  const numbers = measured.length > 0 ? measuredTable(measured) : "";
  if (keep === null) return `\n${[goals, numbers].filter(Boolean).join("\n\n")}`;
  const results = entries.flatMap(({ name, results: own }) => own.map((result) => ({ bench: name, ...result })));
  const conditions = readConditions();
  const kept: Kept = { ...conditions, results, measured };
  await writeFile(at("results.json"), `${JSON.stringify(kept, null, 2)}\n`);
  await writeFile(at("results.md"), page(keep, conditions, goals, numbers, drawPlots(results, measured)));
  return goals;
}

function page(
  command: string,
  { date, commit, machine, versions }: Conditions,
  goals: string,
  numbers: string,
  plots: string,
): string {
  const parts = [
    "# Results",
    `Written by \`${command}\` on ${date}, commit ${commit}. [README.md](README.md) says how to read it.`,
    [`- ${machine}`, ...Object.entries(versions).map(([who, what]) => `- ${who}: ${what}`)].join("\n"),
    "## Goals",
    goals,
    "## Everybody's numbers",
    "Medians over the rounds. The last column is how many requests the gateway answers with the processor time that this contestant needs for one.",
    numbers,
    "## Plots",
    plots,
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Draws in processes of their own, which alone load the plotting library. */
function drawPlots(results: readonly Result[], measured: readonly Measured[]): string {
  rmSync(at("plots"), { recursive: true, force: true });
  const standing = results.filter(({ share }) => share !== undefined && Number.isFinite(share) && share > 0);
  const goals = `![how far each goal is reached](${drawn("plot-goals.ts", "goals", standing)})`;
  const byWork = Object.entries(Object.groupBy(measured, ({ work }) => work));
  const works = byWork.map(([work, rows]) => `### ${work}\n\n![${work}](${drawn("plot.ts", work, rows ?? [])})`);
  return [goals, ...works].join("\n\n");
}

function drawn(program: string, title: string, rows: readonly object[]): string {
  const file = `plots/${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.svg`;
  const input = JSON.stringify(rows);
  const { status, stderr } = spawnSync(process.execPath, [at(`peers/${program}`), at(file)], {
    input,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`"${file}" was not drawn: ${stderr}`);
  return file;
}
