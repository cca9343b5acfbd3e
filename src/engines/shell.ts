import { AGENT_FOLDER, type CommandReport, runBash, withoutFirstLine } from "./command.ts";
import type { Engine, EngineJob, EngineOutcome, Failure } from "./engine.ts";
import { failed, failureOfEnd, INTERRUPTED, NO_LIMIT_MS } from "./failures.ts";
import { final, finalText, RESTARTED, storable, toolCall, toolResult, toolUses, unseenResult } from "./items.ts";

/**
 * Answers a response by running its text with bash in `/agent`.
 *
 * A command is never run twice: after a restart in its middle the response fails as INTERRUPTED.
 */
export const createShellEngine = (): Engine => ({
  kind: "SHELL",
  answer: (job) => (toolUses(job.recorded).length > 0 ? settle(job) : run(job)),
});

async function run(job: EngineJob): Promise<EngineOutcome> {
  if (job.text.includes("\0")) return failed("", NUL_IN_COMMAND);
  const args = { command: job.text, cwd: AGENT_FOLDER };
  await job.append(toolCall("bash", args));
  const report = await runBash(job, { ...args, timeoutMs: NO_LIMIT_MS });
  await job.append(toolResult("bash", report.output));
  return finish(job, report.output, failureOf(report));
}

/** Ends a response that an earlier gateway process left open, by what is recorded and nothing else. */
async function settle(job: EngineJob): Promise<EngineOutcome> {
  const output = toolUses(job.recorded)[0]?.result?.["output"];
  if (typeof output !== "string") {
    await job.append(unseenResult("bash", RESTARTED));
    return failed("", INTERRUPTED);
  }
  const exitCode = /^\[exit_code:(\d+)\]/.exec(output)?.[1];
  return finish(job, output, exitCode === undefined ? INTERRUPTED : exitFailure(Number(exitCode)));
}

async function finish(job: EngineJob, output: string, failure: Failure | null): Promise<EngineOutcome> {
  const text = storable(withoutFirstLine(output));
  if (finalText(job.recorded) === undefined) await job.append(final(text));
  return failure ? failed(text, failure) : { status: "completed", text };
}

const exitFailure = (exitCode: number): Failure | null =>
  exitCode === 0
    ? null
    : { reason: "COMMAND_FAILED", message: `The command ended with exit code ${exitCode}`, evidence: { exitCode } };

const failureOf = (report: CommandReport): Failure | null =>
  failureOfEnd(report, NO_LIMIT_MS) ?? exitFailure(report.exitCode ?? 0);

const NUL_IN_COMMAND: Failure = {
  reason: "COMMAND_FAILED",
  message: "The text contains a NUL character, which no shell can run; remove it",
};
