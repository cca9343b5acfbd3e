import { z } from "zod";
import { pageQuery } from "./fields.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One page of a list, as `present` hands it over. */
export interface Page {
  readonly items: readonly unknown[];
  readonly total: number;
}

/** What a successful answer holds: JSON, text, or nothing at all. */
export type Reply =
  | { readonly kind: "json"; readonly schema: z.ZodType; readonly example: unknown }
  | { readonly kind: "text"; readonly example: string }
  | { readonly kind: "empty" };

type Schema = z.ZodObject;
type Read<S extends Schema> = z.output<S>;

/** What a caller sent, read by the route's own schemas. */
export interface Input<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

/** One route as data: a GraphQL document, and how its variables and its answer are mapped. */
export interface Route {
  readonly method: Method;
  /** Below `/api/v0`, its parameters as `:name`. */
  readonly path: string;
  /** The heading it stands under in the documentation. */
  readonly tag: string;
  readonly summary: string;
  readonly access: "public" | "bearer";
  /** Answers a list, with its headers. */
  readonly isList: boolean;
  /** One operation with one field at its root; aliases make the names of REST. */
  readonly document: string;
  readonly params: Schema;
  readonly query: Schema;
  readonly body: Schema | null;
  /** An example of a body, as a client may send it. */
  readonly bodyExample?: unknown;
  readonly reply: Reply;
  /** Statuses it can answer beside those that its kind implies. */
  readonly refusals: readonly (409 | 503 | 504)[];
  variables(input: Input): object;
  /** Makes the answer out of what the root field gave; of a list, its page. */
  present(data: unknown, input: Input): unknown;
}

interface Definition<Params extends Schema, Query extends Schema, Body extends Schema, Data, Presented> {
  readonly method: Method;
  readonly path: `/${string}`;
  readonly tag: string;
  readonly summary: string;
  readonly access?: "public";
  readonly document: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly bodyExample?: z.input<Body>;
  readonly reply: Reply;
  readonly refusals?: Route["refusals"];
  variables?(input: Input<Read<Params>, Read<Query>, Read<Body>>): object;
  present(data: Data, input: Input<Read<Params>, Read<Query>, Read<Body>>): Presented;
}

const nothing = z.object({});

/** Defines a route. What `present` takes must be what the document selects: that is not checked by types. */
export function route<
  Data,
  Params extends Schema = typeof nothing,
  Query extends Schema = typeof nothing,
  Body extends Schema = typeof nothing,
>(definition: Definition<Params, Query, Body, Data, unknown>): Route {
  return {
    access: "bearer",
    refusals: [],
    variables: () => ({}),
    ...definition,
    isList: false,
    params: definition.params ?? nothing,
    query: definition.query ?? nothing,
    body: definition.body ?? null,
  };
}

/**
 * Defines a route that answers a list: `limit` and `offset` are read, and arrive as the variables `first` and
 * `offset`; `present` answers one page, with how many there are in all.
 */
export function listRoute<Data, Params extends Schema = typeof nothing, Query extends Schema = typeof nothing>(
  definition: Omit<Definition<Params, Query, typeof nothing, Data, Page>, "method">,
): Route {
  const defined = route<Data, Params, Query>({ ...definition, method: "GET" });
  return {
    ...defined,
    isList: true,
    query: defined.query.extend(pageQuery.shape),
    variables: (input) => {
      const { limit, offset } = input.query as z.output<typeof pageQuery>; // the query was extended by it
      return { ...defined.variables(input), first: limit, offset };
    },
  };
}
