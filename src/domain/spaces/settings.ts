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

const seconds = () => {
  const rule = `must be a whole number from 1 to ${mostSeconds}`;
  return z.int(rule).min(1, rule).max(mostSeconds, rule);
};

/**
 * The settings that the gateway knows. Each is what an agent or a session made in the space gets when nobody says
 * otherwise; only administrators set them, so `egress` needs no further permission of whoever makes it.
 */
const known = z.object({
  image: z.string(imageRule).refine(isImageName, imageRule).nullish(),
  network: oneOf(["NONE", "EGRESS"]).nullish(),
  engine: oneOf(["MODEL", "SHELL", "EXTERNAL"]).nullish(),
  idleTimeoutSeconds: seconds().nullish(),
  busyTimeoutSeconds: seconds().nullish(),
});

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

/** What stored settings say; nothing where they do not make sense. */
export const defaultsOf = (settings: unknown): SpaceDefaults => known.safeParse(settings).data ?? {};
