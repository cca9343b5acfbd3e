import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Workspace, WorkspaceCommand, WorkspaceResult } from "../../src/engines/engine.ts";
import { GatewayError, notFound } from "../../src/errors.ts";

/** A computer for tests: real bash in a real temporary folder, which stands for `/agent`. */
export interface TestWorkspace extends Workspace {
  readonly folder: string;
  /** Every command that was run, in order. */
  readonly commands: readonly WorkspaceCommand[];
  /** Lets every running and later command end like one whose computer died. */
  lose(how: { readonly outOfMemory: boolean }): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function createTestWorkspace(): Promise<TestWorkspace> {
  const folder = await mkdtemp(join(tmpdir(), "raworc-workspace-"));
  const commands: WorkspaceCommand[] = [];
  const death = new AbortController();
  const at = (path: string) => join(folder, path);
  return {
    folder,
    commands,
    run: (command) => {
      commands.push(command);
      return runCommand(folder, command, death.signal);
    },
    readFile: async (path, maxBytes) => {
      const info = await stat(at(path)).catch(() => null);
      if (!info?.isFile()) throw notFound("File", path);
      if (info.size > maxBytes)
        throw new GatewayError("PAYLOAD_TOO_LARGE", `"${path}" is larger than ${maxBytes} bytes`);
      return readFile(at(path));
    },
    writeFile: async (path, content) => {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), content);
    },
    listFiles: async (path) => {
      const entries = await readdir(at(path), { withFileTypes: true }).catch(() => {
        throw notFound("Folder", path);
      });
      return Promise.all(
        entries.map(async (entry) => ({
          name: entry.name,
          kind: entry.isDirectory() ? "directory" : "file",
          size: (await stat(join(at(path), entry.name))).size,
        })),
      );
    },
    lose: (how) => death.abort(how),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** `/agent` in a working folder and in the environment means the temporary folder. */
async function runCommand(folder: string, command: WorkspaceCommand, death: AbortSignal): Promise<WorkspaceResult> {
  const [program = "", ...args] = command.argv;
  const cwd = (command.cwd ?? "/agent").replace(/^\/agent/, folder);
  const ended = new AbortController();
  const limit = setTimeout(() => ended.abort("timedOut"), Math.min(command.timeoutMs, 2 ** 31 - 1));
  // With a socket as standard input and no SHLVL, bash takes itself for a remote shell and reads ~/.bashrc.
  const env = { PATH: process.env["PATH"], SHLVL: "1", ...command.env };
  const child = spawn(program, args, { cwd, env, detached: true });
  const stop = AbortSignal.any([ended.signal, command.signal, death]);
  const kill = () => child.pid && process.kill(-child.pid, "SIGKILL");
  stop.addEventListener("abort", kill);
  if (stop.aborted) kill();
  child.stdout.on("data", (chunk: Buffer) => void command.onOutput?.(chunk, "stdout"));
  child.stderr.on("data", (chunk: Buffer) => void command.onOutput?.(chunk, "stderr"));
  child.stdin.on("error", () => undefined).end(command.stdin ?? "");
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("close", resolve).once("error", reject);
  const exitCode = await promise.finally(() => {
    clearTimeout(limit);
    stop.removeEventListener("abort", kill);
  });
  if (command.signal.aborted) return { end: "aborted", exitCode: null };
  if (death.aborted) return { end: "containerLost", exitCode: null, ...(death.reason as { outOfMemory: boolean }) }; // set by lose()
  return ended.signal.aborted ? { end: "timedOut", exitCode: null } : { end: "exited", exitCode: exitCode ?? 137 };
}
