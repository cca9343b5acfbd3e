import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { spawnPinned } from "./program.ts";

/** One request of a load; several are sent in turn. */
export interface LoadRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What to send: for so many seconds, or so many requests. */
export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly requests: readonly LoadRequest[];
  readonly seconds?: number;
  readonly amount?: number;
  /** One request each so often, rather than each when the one before on its connection is answered. */
  readonly everyMs?: number;
  /** Sent from wherever the machine likes rather than from the second processor, for a server that may use both. */
  readonly everywhere?: boolean;
}

/** What came of it. */
export interface Loaded {
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

const program = fileURLToPath(new URL("../peers/load.ts", import.meta.url));

interface Sender {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

const idle = { anywhere: [] as Sender[], second: [] as Sender[] };

/**
 * Sends a load from a process of its own, on the second processor unless told otherwise. The process stays for the loads
 * that follow, so that they need no warming up of it.
 *
 * @throws {Error} when a request was not answered with success.
 */
export async function sendLoad(load: Load): Promise<Loaded> {
  const senders = load.everywhere ? idle.anywhere : idle.second;
  const sender = senders.pop() ?? startSender(load.everywhere ? null : 1);
  sender.child.stdin?.write(`${JSON.stringify(load)}\n`);
  const { value, done } = await sender.lines.next();
  if (done) throw new Error(`the load on ${load.url} failed`);
  senders.push(sender);
  return JSON.parse(value) as Loaded; // as the program writes it
}

function startSender(core: number | null): Sender {
  const child = spawnPinned(core, [program], process.env);
  if (!child.stdout) throw new Error("the load's output is not piped");
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

/** Ends the processes that send loads. */
export function stopLoads(): void {
  for (const { child } of [...idle.anywhere.splice(0), ...idle.second.splice(0)]) child.kill();
}
