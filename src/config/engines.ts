import { z } from "zod";
import { hosts, text, wholeNumber } from "./values.ts";
import { type Described, variable } from "./variable.ts";

/** What answers responses. */
export const engineVariables = {
  RAWORC_ENGINE: variable(
    z.enum(["auto", "model", "shell", "external"]).default("auto"),
    "auto, model, shell or external (default auto)",
    "what answers responses; auto is a model when a key can be found, else external",
  ),
  RAWORC_MODEL: variable(text, "a name (default claude-sonnet-5-5, or gpt-5.1 with OpenAI's key)", "the model to ask"),
  RAWORC_CONTEXT_TOKENS: variable(
    wholeNumber(1000, 10_000_000, 32_000),
    "1000 to 10000000 (default 32000)",
    "how much of what was said before a model is told; near it, that is summarised",
  ),
  ANTHROPIC_API_KEY: variable(text, "a key", "lets agents use Anthropic's models"),
  OPENAI_API_KEY: variable(text, "a key", "lets agents use models behind an OpenAI-compatible API"),
  OPENAI_BASE_URL: variable(
    z.url({ protocol: /^https?$/ }).optional(),
    "a URL",
    "where that API is (default https://api.openai.com/v1)",
  ),
  RAWORC_MODEL_HOSTS: variable(
    hosts,
    "a comma-separated list of hosts, each with a port or without",
    "where an OPENAI_BASE_URL that is a secret may lead beside public addresses",
  ),
} satisfies Record<string, Described>;
