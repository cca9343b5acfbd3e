import type { ModelMessage } from "ai";
import type { EngineJob, EngineOutcome, Failure, Usage } from "../engine.ts";
import { commentary, final, storable, toolCall, toolResult } from "../items.ts";
import { toolMessage } from "./conversation.ts";
import type { Step } from "./step.ts";
import { callTool } from "./tools.ts";

/** Asks the model for its next step; a failure when it cannot be had. */
export type NextStep = (messages: readonly ModelMessage[]) => Promise<Step | { readonly failure: Failure }>;

/**
 * Goes step by step until the model answers without wanting a tool. Each tool call is recorded before it runs
 * and its result after; calls of one step run one after another, so every call is followed by its own result.
 * `spent` is what was used before the first step.
 */
export async function runLoop(
  job: EngineJob,
  messages: ModelMessage[],
  nextStep: NextStep,
  mostSteps: number,
  spent: Usage,
): Promise<EngineOutcome> {
  let usage = spent;
  for (let steps = 0; steps < mostSteps; steps += 1) {
    job.signal.throwIfAborted();
    const step = await nextStep(messages);
    if ("failure" in step) return { status: "failed", failure: step.failure, usage };
    usage = sum(usage, step.usage);
    await recordThoughts(job, step);
    if (step.calls.length === 0) return finish(job, step, usage);
    messages.push({ role: "assistant", content: step.content }, ...(await runCalls(job, step)));
  }
  return { status: "failed", failure: stepLimit(mostSteps), usage };
}

const sum = (one: Usage, other: Usage): Usage => ({
  inputTokens: one.inputTokens + other.inputTokens,
  outputTokens: one.outputTokens + other.outputTokens,
});

/** What is said in a step without tool calls is the answer; before tool calls it is commentary. */
async function recordThoughts(job: EngineJob, step: Step): Promise<void> {
  for (const { kind, text } of step.parts) {
    const isAnswer = kind === "said" && step.calls.length === 0;
    if (text.trim() !== "" && !isAnswer) await job.append(commentary(text, kind === "thought"));
  }
}

async function runCalls(job: EngineJob, step: Step): Promise<ModelMessage[]> {
  const messages: ModelMessage[] = [];
  for (const { id, tool, args } of step.calls) {
    await job.append(toolCall(tool, args));
    const output = await callTool(job, tool, args);
    await job.append(toolResult(tool, output));
    messages.push(toolMessage(id, tool, output));
  }
  return messages;
}

async function finish(job: EngineJob, step: Step, usage: Usage): Promise<EngineOutcome> {
  const said = step.parts.filter(({ kind }) => kind === "said");
  const text = storable(said.map((part) => part.text).join(""));
  await job.append(final(text));
  const failure = cutOff(step.finishReason);
  return failure ? { status: "failed", text, failure, usage } : { status: "completed", text, usage };
}

function cutOff(finishReason: string): Failure | null {
  const evidence = { finishReason };
  if (finishReason === "length") {
    return { reason: "MODEL_ERROR", message: "The answer was cut off at the model's output limit", evidence };
  }
  return finishReason === "content-filter"
    ? { reason: "MODEL_ERROR", message: "The model or its provider refused to answer", evidence }
    : null;
}

const stepLimit = (mostSteps: number): Failure => ({
  reason: "STEP_LIMIT",
  message: `The model did not finish within ${mostSteps} steps`,
  evidence: { steps: mostSteps },
});
