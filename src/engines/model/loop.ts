import type { ModelMessage } from "ai";
import type { EngineJob, EngineOutcome, Failure, ItemBody, Usage } from "../engine.ts";
import { commentary, final, storable, toolCall, toolResult } from "../items.ts";
import { toolMessage } from "./conversation.ts";
import type { Step } from "./step.ts";
import { callTool } from "./tools.ts";

/** Asks the model for its next step; a failure when it cannot be had. */
export type NextStep = (messages: readonly ModelMessage[]) => Promise<Step | { readonly failure: Failure }>;

/**
 * Goes step by step until the model answers without wanting a tool. Each tool call is recorded before it runs
 * and its result after; calls of one step run one after another, so every call is followed by its own result.
 */
export async function runLoop(
  job: EngineJob,
  messages: ModelMessage[],
  nextStep: NextStep,
  mostSteps: number,
): Promise<EngineOutcome> {
  for (let steps = 0; steps < mostSteps; steps += 1) {
    job.signal.throwIfAborted();
    const step = await nextStep(messages);
    if ("failure" in step) return { status: "failed", failure: step.failure };
    const record = recorderOf(job, step);
    await recordThoughts(record, step);
    if (step.calls.length === 0) return finish(record, step);
    messages.push({ role: "assistant", content: step.content }, ...(await runCalls(job, record, step)));
  }
  return { status: "failed", failure: stepLimit(mostSteps) };
}

/** How the response ends when an earlier run recorded the answer and could not say so any more; `null` when none did. */
export function answeredBefore(recorded: readonly ItemBody[]): EngineOutcome | null {
  const item = recorded.findLast(({ type }) => type === "final");
  return item ? outcomeOf(String(item["text"]), item["finish_reason"]) : null;
}

type Recorder = (item: ItemBody) => Promise<void>;

/** Records the items of one step, of which there is always one; what the step cost is counted with the first. */
function recorderOf(job: EngineJob, { usage }: Step): Recorder {
  let uncounted: Usage | undefined = usage;
  return async (item) => {
    const spent = uncounted;
    uncounted = undefined;
    await job.append(item, spent);
  };
}

/** What is said in a step without tool calls is the answer; before tool calls it is commentary. */
async function recordThoughts(record: Recorder, step: Step): Promise<void> {
  for (const { kind, text } of step.parts) {
    const isAnswer = kind === "said" && step.calls.length === 0;
    if (text.trim() !== "" && !isAnswer) await record(commentary(text, kind === "thought"));
  }
}

async function runCalls(job: EngineJob, record: Recorder, step: Step): Promise<ModelMessage[]> {
  const messages: ModelMessage[] = [];
  for (const { id, tool, args } of step.calls) {
    await record(toolCall(tool, args));
    const output = await callTool(job, tool, args);
    await record(toolResult(tool, output));
    messages.push(toolMessage(id, tool, output));
  }
  return messages;
}

/** The answer's item keeps why it is not whole, so that it ends the response in the same way after a restart. */
async function finish(record: Recorder, { parts, finishReason }: Step): Promise<EngineOutcome> {
  const said = parts.filter(({ kind }) => kind === "said");
  const text = storable(said.map((part) => part.text).join(""));
  await record({ ...final(text), ...(cutOff(finishReason) ? { finish_reason: finishReason } : {}) });
  return outcomeOf(text, finishReason);
}

function outcomeOf(text: string, finishReason: unknown): EngineOutcome {
  const failure = cutOff(finishReason);
  return failure ? { status: "failed", text, failure } : { status: "completed", text };
}

function cutOff(finishReason: unknown): Failure | null {
  if (finishReason === "length") {
    const message = "The answer was cut off at the model's output limit";
    return { reason: "MODEL_ERROR", message, evidence: { finishReason } };
  }
  if (finishReason !== "content-filter") return null;
  const message = "The model or its provider refused to answer";
  return { reason: "MODEL_ERROR", message, evidence: { finishReason } };
}

const stepLimit = (mostSteps: number): Failure => ({
  reason: "STEP_LIMIT",
  message: `The model did not finish within ${mostSteps} steps`,
  evidence: { steps: mostSteps },
});
