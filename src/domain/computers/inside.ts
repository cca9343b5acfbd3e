import { OutputCapture } from "../../engines/output-capture.ts";
import type { Gateway } from "../../gateway.ts";
import type { ExecEnd, FileEntry, LogLine } from "../../runtime/runtime.ts";
import { runningContainer } from "./workspace.ts";

/** One command for a computer, as a person or a program outside asks for it. */
export interface CommandOrder {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** Called when the command is on its way. */
  readonly onStart: () => void;
}

/** How a command ended, and what it printed: each stream shortened in the middle when it is long. */
export interface CommandOutcome {
  readonly end: ExecEnd;
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is inside a running computer: commands, files, logs. Every call waits until it runs. */
export interface Inside {
  run(order: CommandOrder): Promise<CommandOutcome>;
  list(path: string): Promise<readonly FileEntry[]>;
  stat(path: string): Promise<FileEntry>;
  read(path: string, maxBytes: number): Promise<Uint8Array>;
  write(path: string, content: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  /** What its main process printed, and then what it prints, until the signal aborts. */
  logs(tail: number): AsyncGenerator<LogLine, void, undefined>;
}

/** Opens a computer for those who may look inside. */
export function openInside(gateway: Gateway, computerId: string, signal: AbortSignal): Inside {
  const { files } = gateway.runtime;
  const container = () => runningContainer(gateway, computerId, signal);
  return {
    run: async (order) => run(gateway, await container(), order, signal),
    list: async (path) => files.list(await container(), path),
    stat: async (path) => files.stat(await container(), path),
    read: async (path, maxBytes) => files.read(await container(), path, maxBytes),
    write: async (path, content) => files.write(await container(), path, content),
    remove: async (path) => files.remove(await container(), path),
    async *logs(tail) {
      yield* gateway.runtime.logs(await container(), { tail, follow: true, signal });
    },
  };
}

async function run(
  gateway: Gateway,
  container: string,
  { command, env, timeoutSeconds, onStart }: CommandOrder,
  signal: AbortSignal,
): Promise<CommandOutcome> {
  const printed = { stdout: new OutputCapture(), stderr: new OutputCapture() };
  const { end, exitCode } = await gateway.runtime.exec(container, {
    argv: command,
    env,
    timeoutMs: timeoutSeconds * 1000,
    signal,
    onStart,
    onOutput: (chunk, stream) => void printed[stream].push(chunk, stream),
  });
  return { end, exitCode, stdout: printed.stdout.finish(), stderr: printed.stderr.finish() };
}
