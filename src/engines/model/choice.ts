import type { Config } from "../../config.ts";

/** Which model to ask when `RAWORC_MODEL` names none. */
export const DEFAULT_MODELS = { anthropic: "claude-sonnet-5-5", openai: "gpt-5.1" } as const;

const ANTHROPIC_BASE_URL = "https://api.anthropic.com/v1";
const OPENAI_BASE_URL = "https://api.openai.com/v1";

export interface ModelChoice {
  readonly provider: "anthropic" | "openai";
  readonly model: string;
  readonly apiKey: string;
  readonly baseUrl: string;
  /** The variable or secret to check when the key is refused. */
  readonly keyName: "ANTHROPIC_API_KEY" | "OPENAI_API_KEY";
  readonly keyFrom: "secrets" | "gateway";
}

type Settings = Config["model"];
type Environment = Readonly<Record<string, string>>;

/**
 * The model, the key and the place to ask; `null` when there is no key.
 *
 * Secrets of the agent and its space win over the gateway's settings. The gateway's key goes only to the
 * gateway's own URL, never to one that a secret names: else whoever may set a secret could collect the key.
 */
export function chooseModel(settings: Settings, environment: Environment): ModelChoice | null {
  const secrets = settingsOf(environment);
  if (hasKey(secrets)) {
    const baseUrl = secrets.openaiBaseUrl ?? settings.openaiBaseUrl;
    return choose({ ...secrets, openaiBaseUrl: baseUrl }, settings.name, "secrets");
  }
  return hasKey(settings) ? choose({ ...settings, name: secrets.name ?? settings.name }, null, "gateway") : null;
}

/** Whether a model can answer an agent with these secrets; decides the engine `auto`. */
export const hasModelKey = (config: Pick<Config, "model">, environment: Environment) =>
  chooseModel(config.model, environment) !== null;

const settingsOf = (environment: Environment): Settings => ({
  name: environment["RAWORC_MODEL"] || null,
  anthropicApiKey: environment["ANTHROPIC_API_KEY"] || null,
  openaiApiKey: environment["OPENAI_API_KEY"] || null,
  openaiBaseUrl: environment["OPENAI_BASE_URL"] || null,
});

const hasKey = (settings: Settings) => settings.anthropicApiKey !== null || settings.openaiApiKey !== null;

const isAnthropic = (name: string) => name.startsWith("claude");

/** `hint` is a name meant for other keys: it is taken only when it suits the provider chosen here. */
function choose(settings: Settings, hint: string | null, keyFrom: ModelChoice["keyFrom"]): ModelChoice | null {
  const { name, anthropicApiKey, openaiApiKey } = settings;
  const wanted = name ?? hint;
  if (anthropicApiKey && (!openaiApiKey || wanted === null || isAnthropic(wanted))) {
    const model = name ?? (hint && isAnthropic(hint) ? hint : DEFAULT_MODELS.anthropic);
    const keyName = "ANTHROPIC_API_KEY";
    return { provider: "anthropic", model, apiKey: anthropicApiKey, baseUrl: ANTHROPIC_BASE_URL, keyName, keyFrom };
  }
  if (!openaiApiKey) return null;
  const model = name ?? (hint && !isAnthropic(hint) ? hint : DEFAULT_MODELS.openai);
  const baseUrl = settings.openaiBaseUrl ?? OPENAI_BASE_URL;
  return { provider: "openai", model, apiKey: openaiApiKey, baseUrl, keyName: "OPENAI_API_KEY", keyFrom };
}
