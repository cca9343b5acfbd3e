import { z } from "zod";
import { badInput } from "../../errors.ts";
import { isJsonObject, type JsonObject } from "../../json.ts";
import { builtImagePrefix } from "../../runtime/paths.ts";
import { checkJsonText } from "../../text.ts";

/** What a text must be that names an image. */
export const imageRule = "must be the name of an image, neither its id nor one that was built here";

const imagePattern = /^[a-zA-Z0-9][\w.\-/:@]{0,254}$/;
/** An engine takes the first digits of an id too, so two of them would find whatever image it has. */
const imageId = /^(sha256:)?[0-9a-f]+$/i;
const builtHere = new RegExp(`(^|/)${builtImagePrefix}`, "i");

/** Whether a text may name an image. Images that were built here hold the code of some space, and are given by it alone. */
export const isImageName = (text: string) => imagePattern.test(text) && !imageId.test(text) && !builtHere.test(text);

const mostSeconds = 30 * 86_400;

const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) => {
  const rule = `must be one of ${words.join(", ").toLowerCase()}`;
  return z.string(rule).toUpperCase().pipe(z.enum(words, rule));
};

const wholeNumber = (least: number, most: number) => {
  const rule = `must be a whole number from ${least} to ${most}`;
  return z.int(rule).min(least, rule).max(most, rule);
};

const seconds = () => wholeNumber(1, mostSeconds);
const cpusRule = "must be a number from 0.05 to 1024";

/**
 * The settings that the gateway knows. The first five are what an agent or a session made in the space gets when nobody
 * says otherwise; then come the limits of every computer made in it, and how many things it may hold. Only
 * administrators set them, so `egress` needs no further permission of whoever makes something.
 */
const known = z.object({
  image: z.string(imageRule).refine(isImageName, imageRule).nullish(),
  network: oneOf(["NONE", "EGRESS"]).nullish(),
  engine: oneOf(["MODEL", "SHELL", "EXTERNAL"]).nullish(),
  idleTimeoutSeconds: seconds().nullish(),
  busyTimeoutSeconds: seconds().nullish(),
  memoryMb: wholeNumber(32, 1_048_576).nullish(),
  cpus: z.number(cpusRule).min(0.05, cpusRule).max(1024, cpusRule).nullish(),
  pids: wholeNumber(16, 1_000_000).nullish(),
  maxAgents: wholeNumber(0, 1_000_000).nullish(),
  maxSessions: wholeNumber(0, 1_000_000).nullish(),
  maxSpaceAgents: wholeNumber(0, 1_000_000).nullish(),
});

/** The settings in words, for both APIs. */
export const settingsInWords =
  "`image`, `network`, `engine`, `idleTimeoutSeconds` and `busyTimeoutSeconds` are what new agents and sessions get when " +
  "nobody says otherwise; `memoryMb`, `cpus` and `pids` limit each computer made from then on; `maxAgents`, " +
  "`maxSessions` and `maxSpaceAgents` limit how many there may be; other keys are free";

/** What the settings of a space say of agents created in it; what they leave open is absent or `null`. */
export type SpaceDefaults = z.output<typeof known>;

/**
 * Checks the settings of a space: those that the gateway knows must make sense, others are the caller's own.
 *
 * @throws BAD_USER_INPUT naming the setting.
 */
export function checkSettings(settings: unknown): JsonObject {
  if (settings == null) return {};
  if (!isJsonObject(settings)) throw badInput("settings", `"settings" must be a JSON object`);
  checkJsonText("settings", settings);
  const [problem] = known.safeParse(settings).error?.issues ?? [];
  if (!problem) return settings;
  const field = ["settings", ...problem.path].join(".");
  throw badInput(field, `"${field}" ${problem.message}`);
}

/** How many of its things a space may hold. */
export type Quota = "maxAgents" | "maxSessions" | "maxSpaceAgents";

/** What the space's computers are limited to, where that is not the gateway's default. */
export const computerLimitsOf = ({ memoryMb, cpus, pids }: SpaceDefaults) => ({
  ...(memoryMb == null ? {} : { memoryBytes: memoryMb * 1_048_576 }),
  ...(cpus == null ? {} : { cpus }),
  ...(pids == null ? {} : { pids }),
});

/** What stored settings say; nothing where they do not make sense. */
export const defaultsOf = (settings: unknown): SpaceDefaults => known.safeParse(settings).data ?? {};
