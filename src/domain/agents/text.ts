import { badInput } from "../../errors.ts";

/** True for text that every database and every command can hold: no NUL, no half of a surrogate pair. */
const isStorable = (text: string) => !text.includes("\0") && text.isWellFormed();

/** @throws BAD_USER_INPUT for text that cannot be stored. */
export function checkText(field: string, text: string | null | undefined): void {
  if (text != null && !isStorable(text)) {
    throw badInput(field, `"${field}" must not contain NUL or half of a surrogate pair`);
  }
}

/** @throws BAD_USER_INPUT for JSON with text in it, at any depth, that cannot be stored. */
export function checkJsonText(field: string, value: unknown): void {
  JSON.stringify(value, (key, each: unknown) => {
    checkText(field, key);
    if (typeof each === "string") checkText(field, each);
    return each;
  });
}
