import { badInput } from "./errors.ts";

/** Longer descriptions are no descriptions. */
const longestDescription = 10_000;
/** Deeper JSON is nobody's data, and what walks through it would run out of stack. */
const deepestJson = 100;

/** @throws BAD_USER_INPUT for text that not every database and every command can hold. */
export function checkText(field: string, text: string | null | undefined): void {
  if (text != null && !isStorable(text)) throw cannotStore(field);
}

/** {@link checkText} for what somebody writes about a thing, which is at most 10,000 letters long. */
export function checkDescription(field: string, text: string | null | undefined): void {
  checkText(field, text);
  if (text == null || text.length <= longestDescription) return;
  throw badInput(field, `"${field}" must be at most ${longestDescription} letters long`);
}

/** @throws BAD_USER_INPUT for JSON that is nested too deeply, or with text in it, at any depth, that cannot be stored. */
export function checkJsonText(field: string, value: unknown): void {
  if (!isShallow(value, deepestJson)) throw badInput(field, `"${field}" must not be nested deeper than ${deepestJson}`);
  JSON.stringify(value, (key, each: unknown) => {
    if (isStorable(key) && (typeof each !== "string" || isStorable(each))) return each;
    throw cannotStore(field);
  });
}

const isStorable = (text: string) => !text.includes("\0") && text.isWellFormed();

/** The rule in words, as they go on after what breaks it. */
export const storableRule = "must not contain NUL or half of a surrogate pair";

const cannotStore = (field: string) => badInput(field, `"${field}" ${storableRule}`);

const isShallow = (value: unknown, levels: number): boolean =>
  typeof value !== "object" || value === null
    ? true
    : levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1));
