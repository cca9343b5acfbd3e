import { BREAK, type DocumentNode, Kind, visit } from "graphql";

/**
 * Whether a caller's document may be made into code. graphql-jit writes what stands in a document into the code it
 * makes, and not all of it in a way that stays text: a string that looks like its own mark for a date would run. So a
 * document with any string, list or object in it is not compiled, nor one whose names it could take for others: it
 * joins them with underscores, and knows `__proto__` as JavaScript does.
 */
export function isCompilable(document: DocumentNode): boolean {
  let fits = hasPlainConditions(document);
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
