import type { ObjectRef } from "@pothos/core";
import { badInput } from "../errors.ts";
import { builder } from "./builder.ts";
import { limits } from "./limits.ts";
import { type MaybePromise, whenThere } from "./remembered.ts";

/** One page of a list. `rows` hold one more than asked for when there is more. */
export interface Connection<Row> {
  readonly rows: readonly Row[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** Counted only when asked for. */
  readonly total: () => MaybePromise<number>;
}

type Types = typeof builder.$inferSchemaTypes;

const usualPageSize = 100;

/** A row of a list: when it was made, and what it is known by. */
type Keyed = { readonly createdAt: Date } & ({ readonly id: string } | { readonly name: string });

/** The column that rows made in the same moment are ordered by. */
type Key = "id" | "name";

interface Place {
  readonly createdAt: Date;
  readonly key: string;
}

export interface PageArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly offset?: number | null | undefined;
}

interface PagePlace {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** Made only when asked for. */
  readonly startCursor: () => string | null;
  readonly endCursor: () => string | null;
}

/** Where a page stands in its list; every list has it. */
export const PageInfo = builder.objectRef<PagePlace>("PageInfo").implement({
  description: "Where a page stands in its list.",
  fields: (t) => ({
    hasNextPage: t.exposeBoolean("hasNextPage"),
    hasPreviousPage: t.exposeBoolean("hasPreviousPage"),
    startCursor: t.string({ nullable: true, resolve: ({ startCursor }) => startCursor() }),
    endCursor: t.string({ nullable: true, resolve: ({ endCursor }) => endCursor() }),
  }),
});

/** Makes the connection type of one kind of thing: `nodes`, `edges`, `pageInfo`, `totalCount`. */
export function connectionOf<Row extends Keyed>(name: string, node: ObjectRef<Types, Row>) {
  const Edge = builder.objectRef<Row>(`${name}Edge`).implement({
    description: "One thing of a list, with its place in it.",
    fields: (t) => ({
      cursor: t.string({ description: "Ask for what comes after it with `after`.", resolve: cursorOf }),
      // The row is its own node; the builder cannot see that of a type parameter.
      node: t.field({ type: node, resolve: (row) => row as never }),
    }),
  });
  return builder.objectRef<Connection<Row>>(`${name}Connection`).implement({
    description: "One page of a list.",
    fields: (t) => ({
      nodes: t.field({ type: [node], complexity: spellingCost, resolve: ({ rows }) => [...rows] }),
      edges: t.field({ type: [Edge], complexity: spellingCost, resolve: ({ rows }) => [...rows] }),
      pageInfo: t.field({ type: PageInfo, resolve: placeOfPage }),
      totalCount: t.int({ description: "How many there are on all pages.", resolve: ({ total }) => total() }),
    }),
  });
}

/** The arguments of every list. */
export const connectionArgs = {
  first: builder.args((t) => ({
    first: t.int({ defaultValue: usualPageSize, description: `How many; ${limits.pageSize} at the most.` }),
    after: t.string({ description: "The cursor that the page comes after." }),
    offset: t.int({ description: "How many to pass over; a cursor is quicker on a deep page." }),
  })),
}.first;

/** What a page of this size costs: as many times what is asked of one. */
export const connectionCost = ({ first }: { readonly first?: number | null | undefined }) => ({
  field: 1,
  multiplier: Math.max(1, Math.min(first ?? usualPageSize, limits.pageSize)),
});

/** A list costs what its connection declares; its two spellings, `nodes` and `edges`, cost nothing more. */
export const spellingCost = { field: 0, multiplier: 1 };

/** Both paths to the rows of a connection, for reading only what is asked of them. */
export const connectionPaths = [["nodes"], ["edges", "node"]] as [["nodes"], ["edges", "node"]];

/**
 * Reads one page in the order of creation. The cursor holds the place itself, so a deep page costs what the first does.
 * `key` is the column that a row is known by.
 *
 * @throws BAD_USER_INPUT for a page size, an offset or a cursor that cannot be.
 */
export function readPage<Row extends Keyed>(
  { first: asked, after, offset }: PageArgs,
  read: (page: PageQuery) => MaybePromise<readonly Row[]>,
  total: () => MaybePromise<number>,
  key: Key = "id",
): MaybePromise<Connection<Row>> {
  const first = asked ?? usualPageSize;
  if (first < 0 || first > limits.pageSize) throw badInput("first", `"first" must be from 0 to ${limits.pageSize}`);
  if (offset != null && offset < 0) throw badInput("offset", `"offset" must be 0 or more`);
  const place = after == null ? null : placeOf(after);
  const found = read({
    after: place ? { AND: [{ createdAt: { gte: place.createdAt } }, isBeyond(place, key)] } : {},
    orderBy: [{ createdAt: "asc" }, { [key]: "asc" }],
    take: first + 1,
    skip: offset ?? 0,
  });
  const hasPreviousPage = place !== null || (offset ?? 0) > 0;
  const pageOf = (rows: readonly Row[]): Connection<Row> => ({
    rows: rows.length > first ? rows.slice(0, first) : rows,
    hasNextPage: rows.length > first,
    hasPreviousPage,
    total,
  });
  return whenThere(found, pageOf);
}

/** The page of those who may see nothing of a list. @throws as {@link readPage} does. */
export const emptyPage = <Row extends Keyed>(page: PageArgs): MaybePromise<Connection<Row>> =>
  readPage<Row>(
    page,
    () => [],
    () => 0,
  );

export interface PageQuery {
  /** A condition to be joined with the list's own. */
  readonly after: object;
  readonly orderBy: Partial<Record<"createdAt" | Key, "asc">>[];
  readonly take: number;
  readonly skip: number;
}

const isBeyond = (place: Place, key: Key) => ({
  OR: [{ createdAt: { gt: place.createdAt } }, { [key]: { gt: place.key } }],
});

const keyOf = (row: Keyed): string => ("id" in row ? row.id : row.name);

const cursorOf = (row: Keyed): string => Buffer.from(`${row.createdAt.getTime()} ${keyOf(row)}`).toString("base64url");

const cursorOrNull = (row: Keyed | undefined) => (row ? cursorOf(row) : null);

const placeOfPage = ({ rows, hasNextPage, hasPreviousPage }: Connection<Keyed>): PagePlace => ({
  hasNextPage,
  hasPreviousPage,
  startCursor: () => cursorOrNull(rows.at(0)),
  endCursor: () => cursorOrNull(rows.at(-1)),
});

function placeOf(cursor: string): Place {
  const [time, ...rest] = Buffer.from(cursor, "base64url").toString().split(" ");
  const [createdAt, key] = [new Date(Number(time)), rest.join(" ")];
  if (!key || Number.isNaN(createdAt.getTime())) throw badInput("after", `"after" must be a cursor of this list`);
  return { createdAt, key };
}
