import { maxAliasesRule } from "@escape.tech/graphql-armor-max-aliases";
import { maxDepthRule } from "@escape.tech/graphql-armor-max-depth";
import { maxDirectivesRule } from "@escape.tech/graphql-armor-max-directives";
import {
  type ASTVisitor,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from "graphql";

/** What one document may ask for, on every transport alike (design, "Limits"). */
export const limits = {
  tokens: 1000,
  depth: 10,
  aliases: 15,
  rootFields: 10,
  directives: 50,
  /** By declared cost: a list counts what is below it as often as it asks for, see `connectionArgs`. */
  complexity: 100_000,
  breadth: 500,
  /** The longest page of any list. */
  pageSize: 1000,
  subscriptionsPerSocket: 100,
  /** A socket must say who it is within 5 s, and answer pings. Connections that are silent for 30 s are cut by some proxies. */
  sockets: { initWaitMs: 5000, pingMs: 25_000, closeMs: 2000 },
  /** So many of the largest messages may wait for one socket's reader. */
  messagesWaiting: 16,
  /** A reader that takes nothing for so long is sent away; it may come back with its cursor. */
  stalledMs: 10_000,
} as const;

/** Adds to what is wrong with a document, as every other rule does. */
const reported = {
  propagateOnRejection: false,
  onReject: [(context: ValidationContext | null, error: GraphQLError) => context?.reportError(error)],
};

/** The limits that a document breaks by its shape alone; tokens are counted by the parser, cost is looked at by itself. */
export const limitRules: readonly ValidationRule[] = [
  maxDepthRule({ n: limits.depth, ...reported }),
  maxAliasesRule({ n: limits.aliases, ...reported }),
  maxDirectivesRule({ n: limits.directives, ...reported }),
  maxRootFields,
];

/** Refuses an operation with too many fields at its root, fragments counted. */
function maxRootFields(context: ValidationContext): ASTVisitor {
  const countFields = ({ selections }: SelectionSetNode, seen: ReadonlySet<string>): number =>
    selections.reduce((count, selection) => {
      if (selection.kind === Kind.FIELD) return count + 1;
      if (selection.kind === Kind.INLINE_FRAGMENT) return count + countFields(selection.selectionSet, seen);
      const { value: name } = selection.name;
      const fragment = seen.has(name) ? null : context.getFragment(name);
      return count + (fragment ? countFields(fragment.selectionSet, new Set([...seen, name])) : 0);
    }, 0);
  return {
    OperationDefinition(operation) {
      const count = countFields(operation.selectionSet, new Set());
      if (count <= limits.rootFields) return;
      const message = `An operation may have ${limits.rootFields} root fields at the most; this one has ${count}`;
      context.reportError(new GraphQLError(message, { nodes: operation }));
    },
  };
}
