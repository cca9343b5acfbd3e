import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { atRest } from "./at-rest.ts";
import { firstEvent } from "./first-event.ts";
import { lifecycle } from "./lifecycle.ts";
import type { Result } from "./measure.ts";

/** `npm run bench` runs all, `npm run bench -- NAME` one. `lifecycle` needs a Docker engine (DOCKER_HOST). */
const benches: Readonly<Record<string, () => Promise<readonly Result[]>>> = {
  "first-event": firstEvent,
  "at-rest": atRest,
  lifecycle,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0)
  throw new Error(`no bench "${unknown.join(", ")}"; there are ${Object.keys(benches).join(", ")}`);

const results: Result[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stdout.write(`${name} …\n`);
  results.push(...(await bench()));
}

const rows = results.map(
  ({ work, goal, measured, reached }) => `| ${work} | ${goal} | ${measured} | ${reached ? "yes" : "no"} |`,
);
const table = ["| work | goal | measured | reached |", "|---|---|---|---|", ...rows].join("\n");
const machine = `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} cores`;
process.stdout.write(`${table}\n`);
if (wanted.length === 0) await writeFile("bench/results.md", `# Results\n\n${machine}\n\n${table}\n`);
