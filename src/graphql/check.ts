import {
  type DocumentNode,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
  type ValidationRule,
} from "graphql";
import { asBadInput } from "./errors.ts";
import { limitRules, limits } from "./limits.ts";
import { schema } from "./schema.ts";

/** What was asked for and is not executed, with all that is wrong with it. */
export interface Refused {
  readonly errors: readonly GraphQLError[];
}

/** What callers' documents are held to. */
export interface CheckOptions {
  readonly introspection: boolean;
}

/** The rules for documents that callers send. */
export const rulesFor = ({ introspection }: CheckOptions): readonly ValidationRule[] => [
  ...specifiedRules,
  ...limitRules,
  ...(introspection ? [] : [NoSchemaIntrospectionCustomRule]),
];

/** Parses a caller's document and holds it to the rules; what it costs is looked at for each operation. */
export function checkDocument(text: string, rules: readonly ValidationRule[]): DocumentNode | Refused {
  const document = parsed(text);
  if (document instanceof GraphQLError) return { errors: [asBadInput(document)] };
  const errors = validate(schema, document, rules);
  return errors.length > 0 ? { errors: errors.map(asBadInput) } : document;
}

function parsed(text: string): DocumentNode | GraphQLError {
  try {
    return parse(text, { maxTokens: limits.tokens });
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

/**
 * Parses and validates a document of the gateway's own. The limits on a document's shape are not for these, and places
 * in a text that no caller wrote are kept for nobody.
 *
 * @throws {Error} with everything that is wrong with it: a mistake of ours, found at start.
 */
export function checkOwnDocument(text: string): DocumentNode {
  const document = parse(text, { noLocation: true });
  const problems = validate(schema, document);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("; "));
  return document;
}
