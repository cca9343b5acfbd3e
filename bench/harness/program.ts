import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

/** A program to start: what Node is given, and the environment beside the present one. */
export interface Program {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** It may use every processor, where several threads of one process are what is measured. */
  readonly everywhere?: boolean;
}

/** A contestant at work. */
export interface Running {
  readonly url: string;
  readonly pid: number;
  /** Processor time of the whole process since its start, in microseconds. */
  cpuUs(): Promise<number>;
  /** Ends it by SIGTERM and, where that is not heeded, by SIGKILL. */
  stop(): Promise<void>;
}

const hook = new URL("cpu-hook.ts", import.meta.url).href;
const patienceMs = 10_000;
const started = new Set<ChildProcess>();
// Nobody is left behind when the bench is stopped or fails.
process.once("exit", () => started.forEach((child) => child.kill("SIGKILL")));
const mayPin = existsSync("/usr/bin/taskset") && availableParallelism() > 1;

/** Starts Node with these arguments on one processor, where the machine has several and `taskset`; `null`: on all. */
export function spawnPinned(core: number | null, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const pin = mayPin && core !== null ? ["/usr/bin/taskset", "-c", String(core)] : [];
  const command = [...pin, process.execPath, ...args];
  const child = spawn(command[0] ?? process.execPath, command.slice(1), { env, stdio: ["pipe", "pipe", "inherit"] });
  started.add(child);
  child.once("exit", () => started.delete(child));
  return child;
}

/**
 * Starts a contestant on the first processor; it must print `listens on URL`.
 *
 * @throws {Error} when it ends before it listens.
 */
export async function startProgram({ args, env, everywhere = false }: Program): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), "raworc-bench-cpu-"));
  const socket = join(folder, "socket");
  const measured = { BENCH_CPU_SOCKET: socket, NODE_OPTIONS: `--import ${hook}`, NODE_ENV: "production" };
  const child = spawnPinned(everywhere ? null : 0, args, { ...process.env, ...measured, ...env });
  const end = async () => {
    await endOf(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { url: await listeningUrl(child), pid: child.pid ?? 0, cpuUs: () => cpuAt(socket), stop: end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function cpuAt(socket: string): Promise<number> {
  const usage = JSON.parse(await text(connect(socket))) as NodeJS.CpuUsage; // as the hook writes it
  return usage.user + usage.system;
}

async function listeningUrl(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("a contestant's output is not piped");
  const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs * 3);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /listens on (\S+)/.exec(line)?.[1];
      if (!url) continue;
      child.stdout.resume();
      return url;
    }
  } finally {
    clearTimeout(timer);
  }
  throw new Error(`${child.spawnargs.at(-1)} ended before it listened`);
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  await gone;
  clearTimeout(timer);
}
