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
  const printed = report.printed === "" ? [] : [{ type: "handler_output", text: storable(report.printed) }];
  return endOf(job, result, [result, ...printed]);
}

/** Ends a response that an earlier gateway process left open, by what is recorded and nothing else. */
async function settle(job: EngineJob): Promise<EngineOutcome> {
  const recorded = toolUses(job.recorded)[0]?.result;
  if (recorded) return endOf(job, recorded, []);
  const result = { ...unseenResult("handler", RESTARTED), failure: INTERRUPTED };
  return endOf(job, result, [result]);
}

/** How a call with this result ends its response; `items` are those that are not recorded yet. */
function endOf(job: EngineJob, { output, failure }: ItemBody, items: readonly ItemBody[]): EngineOutcome {
  if (failure !== undefined) return { ...failed("", restored(failure)), items };
  const text = String(output);
  const answered = finalText(job.recorded) !== undefined;
  return { status: "completed", text, items: answered ? items : [...items, final(text)] };
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
