import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import type { Report, Result } from "../measure.ts";
import type { Measured } from "./rounds.ts";

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The table of a run as text; with `keep` also in `results.md`, with its plots beside it. */
export async function writeResults(reports: readonly Report[], { keep }: { readonly keep: boolean }): Promise<string> {
  const results = reports.flatMap((report) => report.results);
  const measured = reports.flatMap((report) => report.measured ?? []);
  const text = [goalTable(results), ...(measured.length > 0 ? [measuredTable(measured)] : [])].join("\n\n");
  if (!keep) return text;
  const works = [...new Set(measured.map(({ work }) => work))];
  const plots = works.map((work, place) => {
    const file = `plots/work-${place + 1}.svg`;
    plot(
      measured.filter((one) => one.work === work),
      at(file),
    );
    return `![${work}: processor time of one request](${file})`;
  });
  await writeFile(at("results.md"), `${["# Results", machine(), text, ...plots].join("\n\n")}\n`);
  return text;
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

const goalTable = (results: readonly Result[]) =>
  table(
    ["work", "goal", "measured", "reached"],
    results.map(({ work, goal, measured, reached }) => [work, goal, measured, reached ? "yes" : "no"]),
  );

const measuredTable = (measured: readonly Measured[]) =>
  table(
    ["work", "contestant", "connections", "CPU µs a request", "requests a second", "p50 ms", "p95 ms", "p99 ms"],
    measured.map((one) => [
      one.work,
      one.name,
      String(one.connections),
      ...[one.cpuUs, one.perSecond].map((value) => value.toFixed(0)),
      ...[one.p50Ms, one.p95Ms, one.p99Ms].map((value) => value.toFixed(2)),
    ]),
  );

/** What the numbers are true for. */
function machine(): string {
  const { dependencies } = JSON.parse(readFileSync(at("package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const peers = ["mercurius", "graphql-jit", "@apollo/server", "graphql-yoga", "@prisma/adapter-better-sqlite3"];
  const versions = [...peers, "@langchain/langgraph-api"].map((name) => `${name} ${dependencies[name]}`).join(", ");
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const processor = `${availableParallelism()} × ${cpus()[0]?.model.trim()}, ${memory}`;
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${processor}. Peers: ${versions}.`;
}

/** Draws one work in a process of its own, which alone loads the plotting library. */
function plot(measured: readonly Measured[], file: string): void {
  const drawn = spawnSync(process.execPath, [at("peers/plot.ts"), file], { input: JSON.stringify(measured) });
  if (drawn.status !== 0) throw new Error(`"${file}" was not drawn: ${drawn.stderr.toString()}`);
}
