import { z } from "zod";
import { flag, pageQuery } from "./fields.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One page of a list, as the root field of its document gives it. */
export interface Page {
  readonly items: readonly unknown[];
  readonly total: number;
}

/** A file, as `present` hands it over. */
export interface Bytes {
  readonly bytes: Uint8Array;
  /** Its name says what type it is. */
  readonly name: string;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** One event of a stream, as `present` hands it over. */
export interface StreamEvent {
  /** Sent as JSON. */
  readonly data: unknown;
  /** What the stream can be taken up after; the client brings it back as `Last-Event-ID`. One line. */
  readonly id?: string | number;
}

/** What a successful answer holds: JSON, text, bytes, events as they come, or nothing at all. */
export type Reply =
  | { readonly kind: "json"; readonly schema: z.ZodType; readonly example: unknown }
  | { readonly kind: "text"; readonly example: string }
  /** `headers` are those that `present` adds, and what they say. */
  | { readonly kind: "bytes"; readonly headers?: Readonly<Record<string, string>> }
  /** `schema` and `example` are those of one event's data. */
  | { readonly kind: "events"; readonly schema: z.ZodType; readonly example: unknown }
  | { readonly kind: "empty" };

type Schema = z.ZodObject;
type Read<S extends Schema> = z.output<S>;

/** What a caller sent, read by the route's own schemas. */
export interface Input<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The event that a client has seen last, which takes up a stream again. */
  readonly lastEventId: string | null;
}

/** How an answer is made: a GraphQL document, and how its variables and what it gives are mapped. */
export interface Answer {
  /** One operation with one field at its root; aliases make the names of REST. A subscription where `reply` is events. */
  readonly document: string;
  readonly reply: Reply;
  variables(input: Input): object;
  /** Makes the answer out of what the root field gave: of a list each of its things, of events one after another. */
  readonly present: Present;
}

/** Makes an answer of data alone, so that the same data always gives the same; or for an input, which has a part in it. */
export type Present =
  | { readonly of: "data"; make(data: unknown): unknown }
  | { readonly of: "input"; make(data: unknown, input: Input): unknown };

/** One route as data. */
export interface Route extends Answer {
  readonly method: Method;
  /** Below `/api/v0`, its parameters as `:name`; one at the end as `*name` also takes slashes. */
  readonly path: string;
  /** The heading it stands under in the documentation. */
  readonly tag: string;
  readonly summary: string;
  readonly access: "public" | "bearer";
  /** Answers a list, with its headers. */
  readonly isList: boolean;
  readonly params: Schema;
  readonly query: Schema;
  readonly body: Schema | null;
  /** An example of a body, as a client may send it. */
  readonly bodyExample?: unknown;
  /** Statuses it can answer beside those that its kind implies. */
  readonly refusals: readonly (400 | 409 | 413 | 503 | 504)[];
  /** The answer to `follow=true`, which is a stream. */
  readonly follow: Answer | null;
}

interface Definition<Params extends Schema, Query extends Schema, Body extends Schema, Followed> {
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
  readonly follow?: FollowDefinition<Params, Query, Followed>;
  variables?(input: Input<Read<Params>, Read<Query>, Read<Body>>): object;
}

interface Presenting<Data> {
  readonly present: (data: Data) => unknown;
}

interface PresentingFor<Data, Asked> {
  readonly presentFor: (data: Data, input: Asked) => unknown;
}

/** How a route answers `follow=true`, a switch that its query gets by having this. */
interface FollowDefinition<Params extends Schema, Query extends Schema, Data> {
  /** A subscription. */
  readonly document: string;
  readonly reply: Extract<Reply, { readonly kind: "events" }>;
  variables?(input: Input<Read<Params>, Read<Query>>): object;
  readonly present: (data: Data) => StreamEvent;
}

const nothing = z.object({});
const noVariables = () => ({});
const followQuery = { follow: flag("Go on with what comes, as `text/event-stream`").optional() };

/** Defines a route. What `present` takes must be what the document selects: that is not checked by types. */
export function route<
  Data,
  Params extends Schema = typeof nothing,
  Query extends Schema = typeof nothing,
  Body extends Schema = typeof nothing,
  Followed = unknown,
>({
  follow,
  ...definition
}: Definition<Params, Query, Body, Followed> &
  (Presenting<Data> | PresentingFor<Data, Input<Read<Params>, Read<Query>, Read<Body>>>)): Route {
  const query = definition.query ?? nothing;
  return {
    access: "bearer",
    refusals: [],
    variables: noVariables,
    ...definition,
    isList: false,
    params: definition.params ?? nothing,
    query: follow ? query.extend(followQuery) : query,
    body: definition.body ?? null,
    present:
      "present" in definition ? { of: "data", make: definition.present } : { of: "input", make: definition.presentFor },
    follow: follow ? { variables: noVariables, ...follow, present: { of: "data", make: follow.present } } : null,
  };
}

/**
 * Defines a route that answers a list: `limit` and `offset` are read, and arrive as the variables `first` and
 * `offset`; the root field gives the `items` of one page, which `present` is given one by one, and their `total`.
 */
export function listRoute<Data, Params extends Schema = typeof nothing, Query extends Schema = typeof nothing>(
  definition: Omit<Definition<Params, Query, typeof nothing, never>, "method" | "follow"> & Presenting<Data>,
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
