import { chooseModel, faultOfUrl, type ModelChoice } from "../../engines/model/choice.ts";
import { type Told, tellEarlier } from "../../engines/model/conversation.ts";
import { usualRetrying } from "../../engines/model/retry.ts";
import { conflict, GatewayError, unavailable } from "../../errors.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Respondent, ToldContext } from "./respondent.ts";

/** How much a model would be told now of what was said before. */
export interface ContextUse {
  readonly softLimitTokens: number;
  readonly usedTokens: number;
  /** Of the limit; 100 where something does not fit. */
  readonly usedPercent: number;
  readonly messages: number;
  readonly cutoffAt: Date | null;
  readonly summary: string | null;
  readonly measuredAt: Date;
}

/** Measures what a model would be told; no more is read than it would be told. */
export async function measureContext(gateway: Gateway, respondent: Respondent): Promise<ContextUse> {
  const softLimitTokens = gateway.config.contextTokens;
  const measuredAt = gateway.now();
  const { tokens, messages, leftOut } = await toldNow(gateway, respondent);
  return {
    ...respondent.context,
    softLimitTokens,
    usedTokens: tokens,
    usedPercent: leftOut ? 100 : Math.round((1000 * tokens) / softLimitTokens) / 10,
    messages: messages.length,
    measuredAt,
  };
}

/**
 * From now on a model is told nothing of what was said so far, and no summary of it.
 *
 * @throws NOT_FOUND when the agent or session is gone.
 */
export async function clearContext(gateway: Gateway, respondent: Respondent): Promise<void> {
  const context: ToldContext = { cutoffAt: gateway.now(), summary: null };
  const isSet = await commit(gateway, (unit) => respondent.setContext(unit, context));
  if (!isSet) throw new GatewayError("NOT_FOUND", `${respondent.title} was not found`);
}

/**
 * From now on a model is told a summary of what was said so far, which the agent's own model makes. With nothing
 * to sum up it succeeds and changes nothing.
 *
 * @throws CONFLICT without a model, or when what is told was changed meanwhile; UNAVAILABLE when the model gives none.
 */
export async function compactContext(gateway: Gateway, respondent: Respondent, signal: AbortSignal): Promise<void> {
  const cutoffAt = gateway.now();
  const told = await toldNow(gateway, respondent);
  if (told.exchanges === 0 && !told.leftOut) return;
  const summary = await summaryOf(gateway, respondent, told, signal);
  const isSet = await commit(gateway, (unit) =>
    respondent.setContext(unit, { cutoffAt, summary }, respondent.context.cutoffAt),
  );
  if (!isSet) throw conflict(`What ${respondent.title} is told was changed meanwhile; look and try again`);
}

const toldNow = (gateway: Gateway, respondent: Respondent): Promise<Told> =>
  tellEarlier(
    { summary: respondent.context.summary, history: () => respondent.history(gateway, null) },
    gateway.config.contextTokens,
  );

async function summaryOf(gateway: Gateway, respondent: Respondent, told: Told, signal: AbortSignal): Promise<string> {
  const choice = await modelOf(gateway, respondent);
  // Their libraries are large, and many gateways never need them.
  const { usualPatience } = await import("../../engines/model/step.ts");
  const { summarise } = await import("../../engines/model/summary.ts");
  const asking = { choice, patience: usualPatience, retrying: usualRetrying, signal, log: gateway.log };
  const summary = await summarise(asking, told, gateway.config.contextTokens);
  if ("failure" in summary)
    throw unavailable(`There is no summary, and nothing was changed: ${summary.failure.message}`);
  return summary.text;
}

async function modelOf(gateway: Gateway, respondent: Respondent): Promise<ModelChoice> {
  const choice = chooseModel(gateway.config.model, await respondent.environment(gateway));
  const fault = choice
    ? faultOfUrl(choice)
    : "set ANTHROPIC_API_KEY or OPENAI_API_KEY in the gateway's environment or as a secret";
  if (choice && !fault) return choice;
  throw conflict(`${respondent.title} has no model to make a summary with; ${fault}`);
}
