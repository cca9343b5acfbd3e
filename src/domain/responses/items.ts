import type { ItemBody } from "../../engines/engine.ts";
import type { Gateway } from "../../gateway.ts";
import { responseFactsOf } from "./change.ts";
import { responseStream } from "./response.ts";

/** An item with its place in its response's stream. */
export interface Item {
  readonly seq: number;
  readonly at: Date;
  readonly raw: ItemBody;
}

export interface ItemWindow {
  readonly after?: number | null;
  readonly first?: number | null;
}

const justMade = new WeakSet<object>();

/** Says of a row that it is shown as it was made: nobody has answered it, whatever its stream has by then. */
export function asMade<Row extends object>(response: Row): Row {
  justMade.add(response);
  return response;
}

/** True for a row that `asMade` was called with. */
export const isJustMade = (response: object): boolean => justMade.has(response);

/** The items of many responses by one query; responses without any are absent. */
export async function itemsOf(
  { store }: Pick<Gateway, "store">,
  ids: readonly string[],
  { after, first }: ItemWindow = {},
): Promise<ReadonlyMap<string, readonly Item[]>> {
  const rows = await store.event.findMany({
    where: { stream: { in: ids.map(responseStream) }, type: "response.item", seq: { gt: after ?? 0 } },
    orderBy: [{ stream: "asc" }, { seq: "asc" }],
    ...(first != null && ids.length === 1 ? { take: first } : {}),
    select: { stream: true, seq: true, at: true, payload: true },
  });
  const items = new Map<string, Item[]>();
  for (const { stream, seq, at, payload } of rows) {
    const { item } = responseFactsOf({
      payload: payload as object as Parameters<typeof responseFactsOf>[0]["payload"],
    });
    const id = stream.slice(responseStream("").length);
    const list = items.get(id) ?? [];
    if (item && list.length < (first ?? Number.POSITIVE_INFINITY)) list.push({ seq, at, raw: item });
    items.set(id, list);
  }
  return items;
}
