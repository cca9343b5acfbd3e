import type { Engine, EngineJob, EngineOutcome, Failure, FailureReason, ItemBody } from "./engine.ts";
import { failed, INTERRUPTED, NO_LIMIT_MS } from "./failures.ts";
import { callHandler } from "./handler/call.ts";
import { final, finalText, RESTARTED, storable, toolCall, toolResult, toolUses, unseenResult } from "./items.ts";

/**
 * Answers a response with what a space agent's function returns. The tool result is the answer, or says why there is
 * none; what the function printed is an item of its own.
 *
 * A handler is never called twice: after a restart in its middle the response fails as INTERRUPTED.
 */
export const createHandlerEngine = (): Engine => ({
  kind: "HANDLER",
  answer: (job) => (toolUses(job.recorded).length > 0 ? settle(job) : run(job)),
});

async function run(job: EngineJob): Promise<EngineOutcome> {
  if (job.handler === null) return failed("", NO_HANDLER);
  const { agent, handler } = job.handler;
  await job.append(toolCall("handler", { agent, handler }));
  const report = await callHandler({
    computer: job.computer,
    environment: job.environment,
    signal: job.signal,
    call: job.handler,
    message: job.text,
    timeoutMs: NO_LIMIT_MS,
    announces: false,
    onPrint: (text) => job.delta({ channel: "stdout", text }),
  });
  const result = "failure" in report ? failedResult(report.failure) : toolResult("handler", report.text);
  await job.append(result);
  if (report.printed !== "") await job.append({ type: "handler_output", text: storable(report.printed) });
  return finish(job, result);
}

/** Ends a response that an earlier gateway process left open, by what is recorded and nothing else. */
async function settle(job: EngineJob): Promise<EngineOutcome> {
  const recorded = toolUses(job.recorded)[0]?.result;
  if (recorded) return finish(job, recorded);
  const result = { ...unseenResult("handler", RESTARTED), failure: INTERRUPTED };
  await job.append(result);
  return finish(job, result);
}

async function finish(job: EngineJob, { output, failure }: ItemBody): Promise<EngineOutcome> {
  if (failure !== undefined) return failed("", restored(failure));
  const text = String(output);
  if (finalText(job.recorded) === undefined) await job.append(final(text));
  return { status: "completed", text };
}

/** The result keeps the whole failure, so that it is the same after a restart. */
const failedResult = (failure: Failure): ItemBody => ({
  ...toolResult("handler", `[failed: ${failure.message}]`),
  failure: JSON.parse(JSON.stringify(failure), (_key, value: unknown) =>
    typeof value === "string" ? storable(value) : value,
  ) as unknown, // any JSON
});

function restored(failure: unknown): Failure {
  const { reason, message, evidence } = failure as Failure; // written by failedResult
  return { reason: reason satisfies FailureReason, message, ...(evidence ? { evidence } : {}) };
}

const NO_HANDLER: Failure = {
  reason: "HANDLER_FAILED",
  message: "No space agent was chosen to answer this response",
};
