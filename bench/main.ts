import { closeFields } from "./harness/field.ts";
import { installPeers } from "./harness/install-peers.ts";
import { writeResults } from "./harness/results.ts";
import type { Pace } from "./harness/rounds.ts";
import type { Report } from "./measure.ts";
import { atRest } from "./at-rest.ts";
import { firstEvent } from "./first-event.ts";
import { lifecycle } from "./lifecycle.ts";
import { accessCheck } from "./works/access-check.ts";
import { append } from "./works/append.ts";
import { createResponse } from "./works/create-response.ts";
import { fanOut } from "./works/fan-out.ts";
import { graphqlRead } from "./works/graphql-read.ts";
import { lists } from "./works/lists.ts";
import { logins } from "./works/logins.ts";
import { nested } from "./works/nested.ts";
import { replay } from "./works/replay.ts";
import { restRead } from "./works/rest-read.ts";

// `npm run bench` runs all and writes results.md, `npm run bench -- NAME…` runs some. `npm run bench -- short` runs
// those that compare, in a few minutes, and fails when one fell by more than a third below a goal it had reached.
// `lifecycle` needs a Docker engine (DOCKER_HOST).
type Bench = (pace: Pace) => Promise<Report>;

/** Ratios within a run, fit for the short variant. */
const compared: Readonly<Record<string, Bench>> = {
  "rest-read": restRead,
  "graphql-read": graphqlRead,
  lists,
  nested,
  "access-check": accessCheck,
  "create-response": createResponse,
  append,
  "fan-out": fanOut,
  logins,
};
const alone: Readonly<Record<string, Bench>> = {
  replay,
  "first-event": async () => ({ results: await firstEvent() }),
  "at-rest": async () => ({ results: await atRest() }),
  lifecycle: async () => ({ results: await lifecycle() }),
};
const all = { ...compared, ...alone };

const paces = {
  full: { warmUpSeconds: 6, rounds: 7, roundSeconds: 3 },
  short: { warmUpSeconds: 2, rounds: 3, roundSeconds: 1 },
} as const;

const words = process.argv.slice(2);
const isShort = words.includes("short");
const wanted = words.filter((word) => word !== "short");
const unknown = wanted.filter((name) => !(name in all));
if (unknown.length > 0) throw new Error(`no bench "${unknown.join(", ")}"; there are ${Object.keys(all).join(", ")}`);

installPeers();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
const reports: Report[] = [];
try {
  for (const [name, bench] of Object.entries(isShort ? compared : all)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stdout.write(`${name} …\n`);
    reports.push(await bench(isShort ? paces.short : paces.full));
  }
} finally {
  await closeFields();
}

const written = await writeResults(reports, { keep: words.length === 0 });
process.stdout.write(`${written}\n`);
const fallen = reports.flatMap(({ results }) => results).filter((result) => result.fallen);
for (const { work, goal, measured } of fallen) process.stderr.write(`${work}: ${measured}, once ${goal}\n`);
if (isShort && fallen.length > 0) process.exitCode = 1;
