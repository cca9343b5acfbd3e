import { type Rule, rulesSchema } from "../../auth/rules.ts";
import { badInput } from "../../errors.ts";
import { checkText } from "../../text.ts";

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/**
 * Checks the name of a new role.
 *
 * @throws {GatewayError} BAD_USER_INPUT saying what is allowed.
 */
export function checkRoleName(name: string): void {
  if (namePattern.test(name)) return;
  throw badInput("name", "A role's name has 1 to 128 letters, digits or . _ : - and starts with a letter or digit");
}

/**
 * Reads the rules that somebody wrote; a rule without a scope gets the one that its resources need.
 *
 * @throws {GatewayError} BAD_USER_INPUT naming the first rule that is wrong, and where.
 */
export function checkRules(rules: unknown): Rule[] {
  const parsed = rulesSchema.safeParse(rules);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw badInput("rules", `"${["rules", ...(issue?.path ?? [])].join(".")}" is not valid: ${issue?.message}`);
  }
  for (const word of parsed.data.flatMap(wordsOf)) checkText("rules", word);
  return parsed.data;
}

const wordsOf = ({ resources, verbs, apiGroups = [], resourceNames = [] }: Rule): string[] => [
  ...resources,
  ...verbs,
  ...apiGroups,
  ...resourceNames,
];

/** The rules of a stored role, in the words in which they were written. */
export const rulesOf = ({ rules }: { readonly rules: unknown }): Rule[] => rulesSchema.parse(rules);
