import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A process that writes to a database without end, and what it was told is stored. */
export interface Writer {
  readonly acknowledged: readonly string[];
  /** Waits until that many writes were acknowledged. */
  wrote(count: number): Promise<void>;
  /** Ends it by SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
}

const program = fileURLToPath(new URL("writer-process.ts", import.meta.url));

/** Starts a gateway's store in a process of its own, which writes as fast as it can. */
export function startWriter(databaseUrl: string, dataDir: string): Writer {
  const child = spawn(process.execPath, ["--import", "tsx", program, databaseUrl, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const acknowledged: string[] = [];
  const lines = createInterface({ input: child.stdout }).on("line", (line) => acknowledged.push(line));
  const ended = once(child, "exit").then(() => Promise.reject(new Error("The writer ended by itself")));
  ended.catch(() => undefined); // it matters only to who waits for a write
  const wrote = async (count: number) => {
    while (acknowledged.length < count) await Promise.race([once(lines, "line"), ended]);
  };
  const kill = async () => {
    const gone = once(lines, "close"); // after the last line that was written
    child.kill("SIGKILL");
    await gone;
  };
  return { acknowledged, wrote, kill };
}
