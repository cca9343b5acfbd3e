import { styleText } from "node:util";
import { acceptGoals } from "./accept.ts";
import { atRest } from "./at-rest.ts";
import { firstEvent } from "./first-event.ts";
import { closeFields } from "./harness/field.ts";
import { installPeers } from "./harness/install-peers.ts";
import { writeResults } from "./harness/results.ts";
import type { Pace } from "./harness/rounds.ts";
import { lifecycle } from "./lifecycle.ts";
import type { Entry, Report } from "./measure.ts";
import { accessCheck } from "./works/access-check.ts";
import { append } from "./works/append.ts";
import { createResponse } from "./works/create-response.ts";
import { crowds } from "./works/crowds.ts";
import { fanOut } from "./works/fan-out.ts";
import { graphqlRead } from "./works/graphql-read.ts";
import { lists } from "./works/lists.ts";
import { logins } from "./works/logins.ts";
import { nested } from "./works/nested.ts";
import { pages } from "./works/pages.ts";
import { replay } from "./works/replay.ts";
import { restOverhead } from "./works/rest-overhead.ts";
import { restRead } from "./works/rest-read.ts";
import { runs } from "./works/runs.ts";

// How to run it is in README.md. `lifecycle` needs a Docker engine (DOCKER_HOST).
type Bench = (pace: Pace) => Promise<Report>;

/** Ratios within a run, fit for the short variant. */
const compared: Readonly<Record<string, Bench>> = {
  "rest-read": restRead,
  "rest-overhead": restOverhead,
  "graphql-read": graphqlRead,
  lists,
  nested,
  pages,
  "access-check": accessCheck,
  "create-response": createResponse,
  append,
  "fan-out": fanOut,
  runs,
  logins,
};
const alone: Readonly<Record<string, Bench>> = {
  replay,
  crowds,
  "first-event": async () => ({ results: await firstEvent() }),
  "at-rest": async () => ({ results: await atRest() }),
  lifecycle: async () => ({ results: await lifecycle() }),
};
const all = { ...compared, ...alone };

const paces = {
  full: { warmUpSeconds: 6, rounds: 7, roundSeconds: 3, connections: [1, 32], everybody: true },
  short: { warmUpSeconds: 1.5, rounds: 3, roundSeconds: 0.8, connections: [32], everybody: false },
} as const satisfies Record<string, Pace>;

const words = process.argv.slice(2);
const isShort = words.includes("short");
/** A full run is kept, and a short one that is told to be. */
const isKept = words.length === 0 || words.includes("keep");
const wanted = words.filter((word) => word !== "short" && word !== "keep");
if (wanted[0] === "accept") await acceptGoals();
else if (wanted[0] === "install") installPeers();
else await run();

async function run(): Promise<void> {
  const unknown = wanted.filter((name) => !(name in all));
  if (unknown.length > 0) throw new Error(`no bench "${unknown.join(", ")}"; there are ${Object.keys(all).join(", ")}`);
  installPeers();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  const chosen = Object.entries(isShort && !isKept && wanted.length === 0 ? compared : all);
  const entries: Entry[] = [];
  for (const [name, bench] of chosen) {
    if (wanted.length === 0 || wanted.includes(name)) entries.push(await entryOf(name, bench));
  }
  await closeFields();
  process.stdout.write(
    `${await writeResults(entries, { keep: isKept ? `npm run bench${isShort ? " -- short keep" : ""}` : null })}\n`,
  );
  judgeRun(entries);
}

/** A bench that breaks does not take the numbers of the others along. */
async function entryOf(name: string, bench: Bench): Promise<Entry> {
  const startedMs = performance.now();
  process.stdout.write(`${name} … `);
  const report = await bench(isShort ? paces.short : paces.full).catch((error: unknown) => ({ results: [], error }));
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  process.stdout.write(`${"error" in report ? "broke off" : "done"} (${seconds} s)\n`);
  if ("error" in report) console.error(report.error);
  return { name, ...report };
}

/** Fails the run when a bench broke off, or in the short variant when a ratio fell. */
function judgeRun(entries: readonly Entry[]): void {
  const fallen = entries.flatMap(({ results }) => results).filter((result) => result.fallen);
  const broken = entries.filter(({ error }) => error !== undefined);
  for (const { work, goal, measured } of fallen) {
    process.stderr.write(`${styleText("red", "fallen")} ${work}: ${measured}; it had reached ${goal}\n`);
  }
  for (const { name } of broken) process.stderr.write(`${styleText("red", "broke off")} ${name}\n`);
  if (broken.length > 0 || (isShort && fallen.length > 0)) process.exitCode = 1;
}
