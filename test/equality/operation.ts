import * as fc from "fast-check";

/** One thing a client can do, in both languages; `ids` are those of what was made before. */
export interface Operation {
  rest(ids: readonly string[]): { readonly method: string; readonly path: string; readonly body?: object };
  graphql(ids: readonly string[]): { readonly document: string; readonly variables: object };
  /** What REST answers where GraphQL answers this: written by hand, not taken from the routes. */
  shown(result: unknown): unknown;
  /** For people who read a failure. */
  [fc.toStringMethod](): string;
}

interface Definition<Result> {
  readonly name: string;
  readonly rest: readonly [method: string, path: string, body?: object];
  readonly graphql: readonly [document: string, variables: object];
  readonly shown: (result: Result) => unknown;
}

/** Defines an operation. `$N` in any of its texts is the id of the thing made N things ago, or of none. */
export function define<Result>({ name, rest, graphql, shown }: Definition<Result>): Operation {
  const [method, path, body] = rest;
  const [document, variables] = graphql;
  return {
    rest: (ids) => withIds(ids, { method, path, ...(body ? { body } : {}) }),
    graphql: (ids) => ({ document, variables: withIds(ids, variables) }),
    shown,
    [fc.toStringMethod]: () => `${name}: ${method} ${path} ${body ? JSON.stringify(body) : ""}`,
  };
}

const missingId = "00000000-0000-7000-8000-000000000000";

const withIds = <T extends object>(ids: readonly string[], value: T): T =>
  JSON.parse(JSON.stringify(value).replaceAll(/\$(\d+)/g, (_all, digits) => ids.at(-1 - Number(digits)) ?? missingId));

/** For what REST answers with an empty body. */
export const nothing = () => null;

/** `createdAt` as REST writes it. */
export const snake = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The same JSON with the keys of REST. */
export function asSnake(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asSnake);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [snake(key), asSnake(one)]));
}

/** What a GraphQL answer holds. */
export type Fields = Readonly<Record<string, unknown>>;

/** The same, but JSON that is the caller's own keeps its keys. */
export const withOwn =
  (...own: readonly string[]) =>
  (value: Fields): Fields => ({
    ...(asSnake(value) as Fields), // an object stays one
    ...Object.fromEntries(own.map((key) => [snake(key), value[key]])),
  });

/** Maps a connection's nodes, as lists answer them. */
export const listOf =
  (shown: (node: Fields) => unknown) =>
  ({ nodes }: { readonly nodes: readonly Fields[] }) =>
    nodes.map(shown);

export const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
export const aSpaceName = fc.constantFrom("default", "default", "lab", "lab", "studio", "attic", "Not a name");
export const anAgentName = fc.constantFrom("ada", "ada", "ada", "Ada", "bob", "bob", "cy", "1-bad");
export const anId = fc.nat(3).map((index) => `$${index}`);
export const aText = fc.constantFrom("hello", "", "ö€😀", "two\nlines");
export const aPage = fc.record({ first: fc.nat(3), offset: fc.nat(3) });
