import type { Logger } from "pino";
import type { Config } from "../../config.ts";
import type { Engine, EngineJob, EngineOutcome, ItemBody } from "../engine.ts";
import { RESTARTED, toolUses, unseenResult } from "../items.ts";
import { chooseModel, faultOfUrl, type ModelChoice, NO_KEY } from "./choice.ts";
import { openEarlier } from "./compaction.ts";
import { openConversation, withinBudget } from "./conversation.ts";
import { answeredBefore, type NextStep, runLoop } from "./loop.ts";
import { systemPrompt } from "./prompt.ts";
import { openModel } from "./provider.ts";
import { type Retrying, usualRetrying, withRetries } from "./retry.ts";
import { askModel, attemptsAt, type Patience, usualPatience } from "./step.ts";
import type { Asking } from "./summary.ts";
import { failureOf } from "./trouble.ts";

export interface ModelEngineOptions {
  /** The gateway's own model, key and URL; secrets of the agent and its space win over them. */
  readonly settings: Config["model"];
  /** How much of what was said before is told, in estimated tokens. */
  readonly contextTokens: number;
  readonly log: Pick<Logger, "warn">;
  readonly mostSteps?: number;
  readonly patience?: Patience;
  readonly retrying?: Partial<Retrying>;
}

/** How many times the model may be asked for one response. */
const MOST_STEPS = 50;

/**
 * Answers responses with a language model that works in the agent's computer through tools.
 *
 * Keys are used for requests to the provider only. A command sees one only when it is a secret of the agent or
 * its space, which every command of that agent sees.
 */
export const createModelEngine = (options: ModelEngineOptions): Engine => ({
  kind: "MODEL",
  answer: (job) => answer(options, job),
});

async function answer(options: ModelEngineOptions, job: EngineJob): Promise<EngineOutcome> {
  job.signal.throwIfAborted();
  const answered = answeredBefore(job.recorded);
  if (answered) return answered;
  const recorded = await closeOpenCalls(job);
  const choice = chooseModel(options.settings, job.environment);
  if (!choice) return { status: "failed", failure: NO_KEY };
  const fault = faultOfUrl(choice);
  if (fault) return { status: "failed", failure: { reason: "MODEL_UNAVAILABLE", message: fault } };
  const asking = askingOf(options, job, choice);
  const earlier = await openEarlier(job, asking, options.contextTokens);
  const messages = openConversation(earlier, job, recorded);
  return runLoop(job, messages, stepper(asking, job), options.mostSteps ?? MOST_STEPS);
}

const askingOf = (options: ModelEngineOptions, job: EngineJob, choice: ModelChoice): Asking => ({
  choice,
  patience: options.patience ?? usualPatience,
  retrying: { ...usualRetrying, ...options.retrying },
  signal: job.signal,
  log: options.log,
});

/** Gives each tool call whose end nobody saw an honest result, and returns the items completed so. */
async function closeOpenCalls(job: EngineJob): Promise<readonly ItemBody[]> {
  const recorded = [...job.recorded];
  for (const { call, result } of toolUses(job.recorded)) {
    if (result) continue;
    const closing = unseenResult(String(call["tool"]), RESTARTED);
    await job.append(closing);
    recorded.push(closing);
  }
  return recorded;
}

function stepper({ choice, patience, retrying, log }: Asking, job: EngineJob): NextStep {
  const model = openModel(choice);
  const instructions = systemPrompt(job.instructions);
  return async (messages) => {
    const request = { model, instructions, messages: withinBudget(messages), patience };
    const nextAttempt = attemptsAt(job);
    const attempted = await withRetries(retrying, job.signal, () => askModel(nextAttempt(), request));
    if ("value" in attempted) return attempted.value;
    const failure = failureOf(attempted.trouble, choice, attempted.attempts);
    const error = attempted.error instanceof Error ? attempted.error.name : typeof attempted.error;
    log.warn({ responseId: job.responseId, error, ...failure.evidence }, "the model could not be asked");
    return { failure };
  };
}
