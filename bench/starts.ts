import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { makeDataDir } from "../test/support/gateway-process.ts";
import { median, type Result } from "./measure.ts";
import { processorSeconds } from "./proc.ts";

const times = 7;
const goalSeconds = 1.5;

interface Start {
  readonly seconds: number;
  /** Of npm, the set-up and the gateway together, which says more than the time on a machine that others use too. */
  readonly processorSeconds: number;
}

/** `npm start` of a gateway that is built and has its database, until it listens. */
export async function startAgain(): Promise<Result> {
  const dataDir = await makeDataDir();
  const starts: Start[] = [];
  try {
    await start(dataDir); // makes the database, and the compile cache where there is none
    for (let time = 0; time < times; time++) starts.push(await start(dataDir));
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  const seconds = median(starts.map((one) => one.seconds));
  const processor = median(starts.map((one) => one.processorSeconds));
  return {
    work: "start with an existing database",
    goal: `p50 < ${goalSeconds} s`,
    measured: `p50 ${seconds.toFixed(2)} s, of processor ${processor.toFixed(2)} s (${times} times)`,
    reached: seconds < goalSeconds,
  };
}

async function start(dataDir: string): Promise<Start> {
  const env = { ...process.env, PORT: "0", RAWORC_DATA_DIR: dataDir, RAWORC_RUNTIME: "process", LOG_LEVEL: "error" };
  const startedAt = performance.now();
  // A group of its own, so that what npm started is told to stop as well.
  const child = spawn("npm", ["start"], { env, detached: true, stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "close");
  const pid = child.pid ?? 0;
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    if (String(chunk).includes("listens on")) break;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const started = { seconds, processorSeconds: await processorSecondsOfAll(pid) };
  child.stdout.resume();
  process.kill(-pid, "SIGTERM");
  await ended;
  return started;
}

/** A process and all that it started, with what has ended. */
async function processorSecondsOfAll(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ").filter(Boolean);
  const theirs = await Promise.all(children.map((child) => processorSecondsOfAll(Number(child))));
  return theirs.reduce((sum, one) => sum + one, await processorSeconds(pid, { withEnded: true }));
}
