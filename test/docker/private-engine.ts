import { execFile, type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const script = fileURLToPath(new URL("../../scripts/test-dockerd.sh", import.meta.url));

/** An engine for one test file, which may kill it and do as it likes with its network. */
export interface PrivateEngine {
  readonly dockerHost: string;
  readonly folder: string;
  /** Ends the daemon as a crash would; its data stays. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Runs a program in the engine's network namespace: there it is on the engine's host. */
  onHost(program: string, ...args: readonly string[]): Promise<string>;
  /** The same for one that goes on; resolves once it printed something. */
  serveOnHost(program: string, ...args: readonly string[]): Promise<ChildProcess>;
}

/** With `diskBytes`, everything of the engine is in memory of that size, which can be filled up. */
export async function startPrivateEngine({ diskBytes }: { diskBytes?: number } = {}): Promise<PrivateEngine> {
  const folder = await mkdtemp(join(tmpdir(), "raworc-dockerd-"));
  if (diskBytes !== undefined) await run("mount", ["-t", "tmpfs", "-o", `size=${diskBytes}`, "tmpfs", folder]);
  const act = (command: string) => run(script, [command, folder]);
  const inside = async () => ["-t", (await readFile(join(folder, "pid"), "utf8")).trim(), "-n"];
  const { stdout } = await act("start");
  return {
    dockerHost: stdout.trim(),
    folder,
    kill: async () => void (await act("kill")),
    start: async () => void (await act("start")),
    stop: async () => {
      await act("stop");
      if (diskBytes !== undefined) await run("umount", ["-l", folder]);
      await rm(folder, { recursive: true, force: true });
    },
    onHost: async (program, ...args) => (await run("nsenter", [...(await inside()), program, ...args])).stdout,
    serveOnHost: async (program, ...args) => {
      const child = spawn("nsenter", [...(await inside()), program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
      await new Promise((resolve) => child.stdout.once("data", resolve));
      return child;
    },
  };
}
