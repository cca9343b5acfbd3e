import { badInput } from "../../errors.ts";
import { isStorable } from "../../json-text.ts";

export { checkJsonText } from "../../json-text.ts";

/** @throws BAD_USER_INPUT for text that cannot be stored. */
export function checkText(field: string, text: string | null | undefined): void {
  if (text != null && !isStorable(text)) {
    throw badInput(field, `"${field}" must not contain NUL or half of a surrogate pair`);
  }
}
