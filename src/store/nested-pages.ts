import { Prisma } from "./generated/client/client.ts";
import type { Store } from "./store.ts";

/** SQLite joins no more queries than this into one. */
const mostAtOnce = 500;

/** Rows that belong to others: the table, the column that says to whom, and which of them. */
export interface Nested {
  readonly table: "Response" | "Message" | "Agent" | "Session" | "SpaceAgent" | "Build";
  readonly owner: "respondentId" | "sessionId" | "parentId" | "spaceName";
  /** A condition that begins with AND; empty for all. */
  readonly where?: Prisma.Sql;
  /** Else the oldest comes first. */
  readonly newestFirst?: boolean;
}

/** The ids on one page of the rows of each of many owners, in order, by one query whatever their number. */
export async function idsOfPages(
  store: Pick<Store, "$queryRaw">,
  nested: Nested,
  owners: readonly string[],
  window: { readonly skip: number; readonly take: number },
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let start = 0; start < owners.length; start += mostAtOnce) {
    const pages = owners.slice(start, start + mostAtOnce).map((owner) => idsOfPage(nested, owner, window));
    const rows = await store.$queryRaw<{ id: string }[]>(Prisma.join(pages, " UNION ALL "));
    ids.push(...rows.map(({ id }) => id));
  }
  return ids;
}

/** A page of its own for each owner, so that the index finds it. */
const idsOfPage = (
  { table, owner, where = Prisma.empty, newestFirst = false }: Nested,
  id: string,
  { skip, take }: { readonly skip: number; readonly take: number },
) => Prisma.sql`
  SELECT "id" FROM (
    SELECT "id" FROM ${Prisma.raw(`"${table}"`)} WHERE ${Prisma.raw(`"${owner}"`)} = ${id} ${where}
    ORDER BY ${Prisma.raw(newestFirst ? '"createdAt" DESC, "id" DESC' : '"createdAt", "id"')} LIMIT ${take} OFFSET ${skip}
  ) AS page`;

/** How many rows each owner has, out of a count by owner; 0 for those without any. */
export function countsByOwner<Group extends { readonly _count: { readonly _all: number } }>(
  groups: readonly Group[],
  owners: readonly string[],
  ownerOf: (group: Group) => string | null,
): number[] {
  const counts = new Map(groups.map((group) => [ownerOf(group), group._count._all]));
  return owners.map((owner) => counts.get(owner) ?? 0);
}

/** The rows in the order of the ids, for each owner its own. */
export function byOwner<Row extends { readonly id: string }>(
  rows: readonly Row[],
  ids: readonly string[],
  owners: readonly string[],
  ownerOf: (row: Row) => string | null,
): Row[][] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const inOrder = ids.flatMap((id) => byId.get(id) ?? []);
  return owners.map((owner) => inOrder.filter((row) => ownerOf(row) === owner));
}

/** A row for each id; `null` where there is none. */
export function inOrderOf<Row extends { readonly id: string }>(
  ids: readonly string[],
  rows: readonly Row[],
): (Row | null)[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}
