import { z } from "zod";

/** The longest page, and the usual one. */
const longestPage = 1000;
const usualPage = 100;
const mostOffset = 2 ** 31 - 1;

const pageNumber = (most: number, usual: number, description: string) =>
  z
    .string("must be a whole number, 0 or more")
    .regex(/^\d+$/, "must be a whole number, 0 or more")
    .transform((digits) => Math.min(Number(digits), most))
    .default(usual)
    .meta({ override: { type: "integer", minimum: 0, pattern: undefined, default: usual }, description });

/** What every list reads of its query. Too large a limit is clamped. */
export const pageQuery = z.object({
  limit: pageNumber(longestPage, usualPage, `How many; more than ${longestPage} means ${longestPage}`),
  offset: pageNumber(mostOffset, 0, "How many to pass over"),
});

/** One of these words, written in any case of letters. */
export const wordOf = <const Words extends readonly [string, ...string[]]>(words: Words, description: string) =>
  z
    .string()
    .toLowerCase()
    .pipe(z.enum(words))
    .meta({ override: { type: "string", enum: [...words] }, description });

/** A switch in the query: `true` or `false`. */
export const flag = (description: string) =>
  wordOf(["true", "false"], description)
    .transform((word) => word === "true")
    .meta({ override: { type: "boolean", enum: undefined }, description });

/** Any JSON object. */
export const jsonObject = (description: string) => z.looseObject({}).meta({ description });

/** A moment in UTC, as every reply writes it. */
export const moment = (description: string) => z.iso.datetime().meta({ description });
