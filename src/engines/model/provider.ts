import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModel } from "ai";
import type { ModelChoice } from "./choice.ts";

/** The chosen model behind its provider's API. Everything is given, so nothing is read from the environment. */
export function openModel({ provider, model, apiKey, baseUrl }: ModelChoice): LanguageModel {
  switch (provider) {
    case "anthropic":
      return createAnthropic({ apiKey, baseURL: baseUrl })(model);
    case "openai":
      return createOpenAICompatible({ name: "openai", apiKey, baseURL: baseUrl, includeUsage: true })(model);
  }
}
