import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModel } from "ai";
import type { ModelChoice } from "./choice.ts";
import { fetchFromPublic } from "./public-fetch.ts";

/** The chosen model behind its provider's API. Everything is given, so nothing is read from the environment. */
export function openModel({ provider, model, apiKey, baseUrl, besidesPublic }: ModelChoice): LanguageModel {
  const confined = besidesPublic ? { fetch: fetchFromPublic(besidesPublic) } : {};
  const settings = { apiKey, baseURL: baseUrl, ...confined };
  return provider === "anthropic"
    ? createAnthropic(settings)(model)
    : createOpenAICompatible({ ...settings, name: "openai", includeUsage: true })(model);
}
