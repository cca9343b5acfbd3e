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
  opening: (text) => (isRunnable(text) ? [toolCall("bash", argsOf(text))] : []),
  answer: (job) => (toolUses(job.recorded).length > 0 ? settle(job) : run(job)),
});

async function run(job: EngineJob): Promise<EngineOutcome> {
  if (!isRunnable(job.text)) return failed("", NUL_IN_COMMAND);
  const report = await runBash(job, { ...argsOf(job.text), timeoutMs: NO_LIMIT_MS });
  const { output } = report;
  const text = textOf(output);
  const items = [toolResult("bash", output), final(text)];
  return { ...outcomeOf(text, failureOf(report)), items };
}

/** Ends a response that an earlier gateway process left open, by what is recorded and nothing else. */
async function settle(job: EngineJob): Promise<EngineOutcome> {
  const output = toolUses(job.recorded)[0]?.result?.["output"];
  if (typeof output !== "string") return { ...failed("", INTERRUPTED), items: [unseenResult("bash", RESTARTED)] };
  const exitCode = /^\[exit_code:(\d+)\]/.exec(output)?.[1];
  const text = textOf(output);
  const items = finalText(job.recorded) === undefined ? [final(text)] : [];
  return { ...outcomeOf(text, exitCode === undefined ? INTERRUPTED : exitFailure(Number(exitCode))), items };
}

const isRunnable = (text: string) => !text.includes("\0");
const argsOf = (text: string) => ({ command: text, cwd: AGENT_FOLDER });
const textOf = (output: string) => storable(withoutFirstLine(output));

const outcomeOf = (text: string, failure: Failure | null): EngineOutcome =>
  failure ? failed(text, failure) : { status: "completed", text };

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
