import { text } from "node:stream/consumers";
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

/**
 * Sends a load from a process of its own, on the second processor.
 *
 * @throws {Error} when a request was not answered with success.
 */
export async function sendLoad(load: Load): Promise<Loaded> {
  const child = spawnPinned(1, [program], process.env);
  child.stdin?.end(JSON.stringify(load));
  const printed = child.stdout ? await text(child.stdout) : "";
  if (printed === "") throw new Error(`the load on ${load.url} failed`);
  return JSON.parse(printed) as Loaded; // as the program writes it
}
