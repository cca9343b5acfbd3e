import { BREAK, type DocumentNode, Kind, type SelectionSetNode, visit } from "graphql";
import type { Operation } from "./compile.ts";

/** So many fields, with fragments spread out, are worth the memory that their code takes: about 2 kB each. */
const mostFields = 80;

/**
 * Whether a caller's operation may be made into code. graphql-jit writes what stands in a document into the code it
 * makes, and not all of it in a way that stays text: a string that looks like its own mark for a date would run. So
 * one with any string, list or object in it is not compiled, nor one whose names it could take for others: it joins
 * them with underscores, and knows `__proto__` as JavaScript does. Nor is one whose code would be large.
 */
export function isCompilable({ document, operation }: Operation): boolean {
  let fits = hasPlainConditions(document) && fieldsLeft(document, operation.selectionSet, mostFields) >= 0;
  const refuse = () => {
    fits = false;
    return BREAK;
  };
  visit(document, {
    StringValue: refuse,
    ListValue: refuse,
    ObjectValue: refuse,
    Name: ({ value }) => (value.includes("_") && value !== "__typename" ? refuse() : undefined),
  });
  return fits;
}

/**
 * Whether conditions, if any, stand where graphql-jit reads them as GraphQL does: it keeps them at the field, which a
 * fragment shares among all the places it is spread in.
 */
export function hasPlainConditions({ definitions }: DocumentNode): boolean {
  const found = { conditions: false, fragments: false };
  visit(
    { kind: Kind.DOCUMENT, definitions },
    {
      Directive: () => void (found.conditions = true),
      FragmentSpread: () => void (found.fragments = true),
      InlineFragment: () => void (found.fragments = true),
    },
  );
  return !(found.conditions && found.fragments);
}

/** How many fields are left of so many, once those of a selection are taken off; below zero, nobody counts on. */
const fieldsLeft = (document: DocumentNode, { selections }: SelectionSetNode, allowed: number): number =>
  selections.reduce((left, selection) => {
    if (left < 0) return left;
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = document.definitions.find(
        (one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === selection.name.value,
      );
      return fragment?.kind === Kind.FRAGMENT_DEFINITION && fragment.selectionSet
        ? fieldsLeft(document, fragment.selectionSet, left)
        : left;
    }
    const after = selection.kind === Kind.FIELD ? left - 1 : left;
    return selection.selectionSet ? fieldsLeft(document, selection.selectionSet, after) : after;
  }, allowed);
