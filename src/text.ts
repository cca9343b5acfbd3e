import { badInput } from "./errors.ts";

/**
 * Checks free text that somebody wrote about a thing.
 *
 * @throws {GatewayError} BAD_USER_INPUT for text that not every database can hold, or that is longer than 10,000 letters.
 */
export function checkText(field: string, text: string | null | undefined): void {
  if (text == null) return;
  if (text.length > longestText) throw badInput(field, `"${field}" must be at most ${longestText} letters long`);
  if (!text.includes("\0") && text.isWellFormed()) return;
  throw badInput(field, `"${field}" must not contain NUL or half of a surrogate pair`);
}

const longestText = 10_000;
