import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModel } from "ai";
import type { ModelChoice } from "./choice.ts";

/** The chosen model behind its provider's API. Everything is given, so nothing is read from the environment. */
export function openModel({ provider, model, apiKey, baseUrl }: ModelChoice): LanguageModel {
  const settings = { apiKey, baseURL: baseUrl };
  return provider === "anthropic"
    ? createAnthropic(settings)(model)
    : createOpenAICompatible({ ...settings, name: "openai", includeUsage: true })(model);
}
