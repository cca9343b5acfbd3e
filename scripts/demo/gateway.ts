import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { gatewayCommand } from "../gateway-command.cjs";
import { connect } from "./client.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A gateway to show. */
export interface FoundGateway {
  readonly url: string;
  /** Set when the demo started it. */
  readonly own: { readonly pid: number; readonly folder: string } | null;
  /** Ends a gateway of the demo's own and removes its folder; leaves any other alone. */
  stop(): Promise<void>;
}

const startLimitMs = 30_000;
const stopLimitMs = 15_000;

/**
 * The gateway that runs at RAWORC_URL, else at PORT on this machine, else a new one in a temporary folder.
 *
 * @throws {Error} with words for people when RAWORC_URL does not answer or none can be started.
 */
export async function findGateway(environment: Environment): Promise<FoundGateway> {
  const given = (environment["RAWORC_URL"] ?? "").replace(/\/+$/, "");
  if (given && !(await isGateway(given))) throw new Error(`No Raworc Gateway answers at RAWORC_URL "${given}"`);
  const url = given || `http://localhost:${environment["PORT"] || 9000}`;
  if (given || (await isGateway(url))) return { url, own: null, stop: async () => undefined };
  return startOwn(environment);
}

const isGateway = (url: string) =>
  connect(url, null)
    .data("{ version { version api } }")
    .then(
      () => true,
      () => false,
    );

async function startOwn(environment: Environment): Promise<FoundGateway> {
  const folder = await mkdtemp(join(tmpdir(), "raworc-demo-"));
  const url = `http://127.0.0.1:${await freePort()}`;
  const log = join(folder, "gateway.log");
  const output = openSync(log, "a");
  // A group of its own: Ctrl-C ends the demo, which then ends the gateway in order.
  const child = spawn(process.execPath, gatewayCommand.args, {
    env: { ...gatewayCommand.env, ...environmentOf(environment, folder, new URL(url).port) },
    stdio: ["ignore", output, output],
    detached: true,
  });
  closeSync(output);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()).once("error", () => resolve()));
  const stop = async () => {
    child.ref();
    child.kill("SIGTERM");
    const late = AbortSignal.timeout(stopLimitMs);
    late.addEventListener("abort", () => child.kill("SIGKILL"));
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  if (child.pid === undefined || !(await answersBefore(ended, url))) {
    const words = readFileSync(log, "utf8").trim();
    await stop();
    throw new Error(`No gateway runs, and starting one failed:\n${words || "it did not answer in time"}`);
  }
  child.unref();
  return { url, own: { pid: child.pid, folder }, stop };
}

/** Where everything of this gateway goes; what the machine has and which keys are set stays. */
function environmentOf(environment: Environment, folder: string, port: string): NodeJS.ProcessEnv {
  const { DATABASE_URL: _database, NODE_ENV: _mode, ...kept } = environment;
  return {
    RAWORC_FREEZE_SECONDS: "0", // so that sleeping stops the computer, and waking proves something
    ...kept,
    HOST: "127.0.0.1",
    PORT: port,
    RAWORC_DATA_DIR: folder,
    LOG_LEVEL: "warn",
  };
}

async function answersBefore(ended: Promise<void>, url: string): Promise<boolean> {
  const over = AbortSignal.any([AbortSignal.timeout(startLimitMs), signalOf(ended)]);
  while (!over.aborted) {
    if (await isGateway(url)) return true;
    await setTimeout(50);
  }
  return false;
}

function signalOf(happening: Promise<void>): AbortSignal {
  const happened = new AbortController();
  void happening.then(() => happened.abort());
  return happened.signal;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
