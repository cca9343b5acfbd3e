import { GatewayError } from "../errors.ts";
import type { EngineJob, WorkspaceCommand, WorkspaceResult } from "./engine.ts";
import { OutputCapture } from "./output-capture.ts";

export const AGENT_FOLDER = "/agent";

/** What one bash command did; `output` is what its `tool_result` says. */
export interface CommandReport extends WorkspaceResult {
  /** The end on the first line (`[exit_code:N]`, or `[exit_code:none]` when it did not exit), then the output. */
  readonly output: string;
}

interface BashCommand {
  readonly command: string;
  readonly cwd: string;
  readonly timeoutMs: number;
}

/**
 * Runs a bash command in the computer, shows its output while it comes and reports how it ended.
 * A computer that cannot be had is reported like one that was lost.
 *
 * @throws the signal's reason when the job is aborted.
 */
export async function runBash(job: EngineJob, bash: BashCommand): Promise<CommandReport> {
  const capture = new OutputCapture();
  const result = await start(job, bash, capture);
  job.signal.throwIfAborted();
  return reportOf(result, capture.finish(), bash);
}

/** The part of a bash tool_result below its first line. */
export const withoutFirstLine = (output: string) => output.slice(output.indexOf("\n") + 1);

const start = (job: EngineJob, bash: BashCommand, capture: OutputCapture) =>
  runInComputer(job, {
    ...script(bash.command),
    cwd: bash.cwd,
    env: job.environment,
    timeoutMs: bash.timeoutMs,
    onOutput: (chunk, stream) => {
      const text = capture.push(chunk, stream);
      if (text !== "") job.delta({ channel: stream, text });
    },
  });

/** How a command ended; `unavailable` says why there was no computer to run it in. */
export interface Ended extends WorkspaceResult {
  readonly unavailable?: string;
}

/**
 * Runs a command in a job's computer. A computer that cannot be had is reported like one that was lost.
 *
 * @throws the signal's reason when the job is aborted.
 */
export async function runInComputer(
  { computer, signal }: Pick<EngineJob, "computer" | "signal">,
  command: Omit<WorkspaceCommand, "signal">,
): Promise<Ended> {
  signal.throwIfAborted();
  try {
    return await computer.run({ ...command, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof GatewayError) || error.code !== "UNAVAILABLE") throw error;
    return { end: "containerLost", exitCode: null, unavailable: error.message };
  }
}

/** Linux refuses a single argument of 128 KiB or more, so a long script comes by standard input. */
const LONGEST_ARGUMENT_BYTES = 100_000;

const script = (command: string) =>
  Buffer.byteLength(command) < LONGEST_ARGUMENT_BYTES
    ? { argv: ["bash", "-c", command] }
    : { argv: ["bash", "-c", 'eval "$(cat)"'], stdin: command };

function reportOf(ended: Ended, text: string, bash: BashCommand): CommandReport {
  const { unavailable, ...result } = ended;
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  if (result.end === "exited") {
    const note = result.outOfMemory ? `${gap}[killed: the computer ran out of memory]` : "";
    return { ...result, output: `[exit_code:${result.exitCode}]\n${text}${note}` };
  }
  return { ...result, output: `[exit_code:none]\n${text}${gap}[${unavailable ?? why(result, bash.timeoutMs)}]` };
}

function why(result: WorkspaceResult, timeoutMs: number): string {
  switch (result.end) {
    case "timedOut":
      return `stopped: the command ran longer than its limit of ${timeoutMs / 1000} s`;
    case "containerLost":
      return result.outOfMemory
        ? "the computer ran out of memory and was lost while the command ran"
        : "the computer was lost while the command ran";
    case "aborted":
    case "exited":
      return "stopped before it ended";
  }
}
