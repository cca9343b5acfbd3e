import { badInput } from "./errors.ts";

/** True for text that every database and every command can hold: no NUL, no half of a surrogate pair. */
export const isStorable = (text: string) => !text.includes("\0") && text.isWellFormed();

/** Deeper JSON is nobody's data, and what walks through it would run out of stack. */
const deepestJson = 100;

/** @throws BAD_USER_INPUT for JSON that is nested too deeply, or with text in it, at any depth, that cannot be stored. */
export function checkJsonText(field: string, value: unknown): void {
  if (!isShallow(value, deepestJson)) throw badInput(field, `"${field}" must not be nested deeper than ${deepestJson}`);
  JSON.stringify(value, (key, each: unknown) => {
    if (isStorable(key) && (typeof each !== "string" || isStorable(each))) return each;
    throw badInput(field, `"${field}" must not contain NUL or half of a surrogate pair`);
  });
}

const isShallow = (value: unknown, levels: number): boolean =>
  typeof value !== "object" || value === null
    ? true
    : levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1));
