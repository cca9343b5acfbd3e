import type { Config } from "../../config.ts";
import type { Failure } from "../engine.ts";

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
  /**
   * Where a secret says where to ask: the hosts that may be asked beside those at public addresses. `null` where the
   * gateway's operator or its code says so, which is trusted.
   */
  readonly besidesPublic: readonly string[] | null;
}

type Settings = Omit<Config["model"], "hosts">;
type Environment = Readonly<Record<string, string>>;

/**
 * The model, the key and the place to ask; `null` when there is no key.
 *
 * Secrets of the agent and its space win over the gateway's settings. The gateway's key goes only to the
 * gateway's own URL, never to one that a secret names: else whoever may set a secret could collect the key.
 */
export function chooseModel(settings: Config["model"], environment: Environment): ModelChoice | null {
  const secrets = settingsOf(environment);
  if (hasKey(secrets)) {
    const besidesPublic = secrets.openaiBaseUrl === null ? null : settings.hosts;
    const openaiBaseUrl = secrets.openaiBaseUrl ?? settings.openaiBaseUrl;
    return choose({ ...secrets, openaiBaseUrl }, settings.name, { keyFrom: "secrets", besidesPublic });
  }
  if (!hasKey(settings)) return null;
  const name = secrets.name ?? settings.name;
  return choose({ ...settings, name }, null, { keyFrom: "gateway", besidesPublic: null });
}

/** What is wrong with the URL of a choice; `null` when it can be asked. Does not repeat the URL, which may be secret. */
export function faultOfUrl({ baseUrl, besidesPublic }: ModelChoice): string | null {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (url && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") return null;
  const place = besidesPublic ? "the secret" : "the gateway's environment";
  return `OPENAI_BASE_URL must be an http or https URL without user name and password; correct ${place}`;
}

/** Whether a model can answer an agent with these secrets; decides the engine `auto`. */
export const hasModelKey = (config: Pick<Config, "model">, environment: Environment) =>
  chooseModel(config.model, environment) !== null;

/** How a response of this engine fails where there is no key. */
export const NO_KEY: Failure = {
  reason: "MODEL_UNAVAILABLE",
  message:
    "No model key was found; set ANTHROPIC_API_KEY or OPENAI_API_KEY in the gateway's environment " +
    "or as a secret of the agent or its space",
};

/** Everything that is read of an environment to choose a model. */
export const modelKeys = ["RAWORC_MODEL", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"] as const;

const settingsOf = (environment: Environment): Settings => ({
  name: environment["RAWORC_MODEL"] || null,
  anthropicApiKey: environment["ANTHROPIC_API_KEY"] || null,
  openaiApiKey: environment["OPENAI_API_KEY"] || null,
  openaiBaseUrl: environment["OPENAI_BASE_URL"] || null,
});

const hasKey = (settings: Settings) => settings.anthropicApiKey !== null || settings.openaiApiKey !== null;

const isAnthropic = (name: string) => name.startsWith("claude");

/** `hint` is a name meant for other keys: it is taken only when it suits the provider chosen here. */
function choose(
  settings: Settings,
  hint: string | null,
  { keyFrom, besidesPublic }: Pick<ModelChoice, "keyFrom" | "besidesPublic">,
): ModelChoice | null {
  const { name, anthropicApiKey, openaiApiKey } = settings;
  const wanted = name ?? hint;
  if (anthropicApiKey && (!openaiApiKey || wanted === null || isAnthropic(wanted))) {
    const model = name ?? (hint && isAnthropic(hint) ? hint : DEFAULT_MODELS.anthropic);
    const place = { baseUrl: ANTHROPIC_BASE_URL, besidesPublic: null };
    return { provider: "anthropic", model, apiKey: anthropicApiKey, ...place, keyName: "ANTHROPIC_API_KEY", keyFrom };
  }
  if (!openaiApiKey) return null;
  const model = name ?? (hint && !isAnthropic(hint) ? hint : DEFAULT_MODELS.openai);
  const place = { baseUrl: settings.openaiBaseUrl ?? OPENAI_BASE_URL, besidesPublic };
  return { provider: "openai", model, apiKey: openaiApiKey, ...place, keyName: "OPENAI_API_KEY", keyFrom };
}
