import type { ItemBody } from "../../engines/engine.ts";
import { toolUses } from "../../engines/items.ts";
import { GatewayError } from "../../errors.ts";
import type { Gateway } from "../../gateway.ts";
import type { Response } from "../../store/generated/client/client.ts";
import { responseFactsOf } from "./change.ts";
import { mostItemBytes, responseStream } from "./response.ts";

/** An item with its place in its response's stream. */
export interface Item {
  readonly responseId: string;
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

/** So many bytes of items are read together at the most: those of any one response, and those of many with few. */
const mostBytesTogether = 2 * mostItemBytes;

type Measured = Pick<Response, "id" | "itemBytes">;

/** @throws PAYLOAD_TOO_LARGE for responses whose items are too much to be read together. */
export async function checkBytesTogether({ store }: Pick<Gateway, "store">, ids: readonly string[]): Promise<void> {
  if (ids.length < 2) return;
  const where = { id: { in: [...ids] } };
  const responses = await store.response.findMany({ where, select: { id: true, itemBytes: true } });
  if (portionsOf(responses).length < 2) return;
  const why = `The items of these ${ids.length} responses are more than ${mostBytesTogether} bytes together`;
  throw new GatewayError("PAYLOAD_TOO_LARGE", `${why}; ask for fewer responses at a time`);
}

/** Reads the items of responses in turn: those of as many as are not too much together by one query. */
export function itemsInTurn(gateway: Pick<Gateway, "store">, responses: readonly Measured[]) {
  const portions = portionsOf(responses);
  let held: { readonly portion: readonly Measured[]; readonly items: Awaited<ReturnType<typeof itemsOf>> } | null =
    null;
  return async (responseId: string): Promise<readonly ItemBody[]> => {
    const portion = portions.find((some) => some.some(({ id }) => id === responseId));
    if (!portion) return [];
    if (held?.portion !== portion) {
      held = null; // what is read next takes its place
      const ids = portion.map(({ id }) => id);
      held = { portion, items: await itemsOf(gateway, ids) };
    }
    return (held.items.get(responseId) ?? []).map(({ raw }) => raw);
  };
}

/** In their order, as many in each as are not too much together. */
function portionsOf(responses: readonly Measured[]): readonly (readonly Measured[])[] {
  const portions: Measured[][] = [];
  let room = 0;
  for (const response of responses) {
    if (response.itemBytes > room || portions.length === 0) {
      portions.push([]);
      room = mostBytesTogether;
    }
    portions.at(-1)?.push(response);
    room -= response.itemBytes;
  }
  return portions;
}

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
    if (item && list.length < (first ?? Number.POSITIVE_INFINITY)) list.push({ responseId: id, seq, at, raw: item });
    items.set(id, list);
  }
  return items;
}

const found = new WeakMap<readonly Item[], ReadonlyMap<number, Item>>();

/** The call of each result and the result of each call, by their places, out of all items of a response. */
export function partnersIn(items: readonly Item[]): ReadonlyMap<number, Item> {
  const known = found.get(items) ?? partnersOf(items);
  found.set(items, known);
  return known;
}

function partnersOf(items: readonly Item[]): ReadonlyMap<number, Item> {
  const places = new Map(items.map((item) => [item.raw, item]));
  const partners = new Map<number, Item>();
  for (const use of toolUses(items.map(({ raw }) => raw))) {
    const [call, result] = [places.get(use.call), use.result && places.get(use.result)];
    if (!call || !result) continue;
    partners.set(call.seq, result);
    partners.set(result.seq, call);
  }
  return partners;
}
