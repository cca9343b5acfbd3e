import type { Exchange } from "../../engines/engine.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent, Response } from "../../store/generated/client/client.ts";
import { itemsInTurn } from "./items.ts";
import { isCutOff } from "./respondent.ts";
import { wordsOf } from "./response.ts";

const pageSize = 20;

/**
 * What the agent was asked and answered before this response (or up to now), from its cut-off on, newest first; read
 * page by page as far as asked.
 */
export async function* historyBefore(
  gateway: Gateway,
  { id: respondentId, contextCutoffAt }: Pick<Agent, "id" | "contextCutoffAt">,
  response: Pick<Response, "id" | "createdAt"> | null,
): AsyncGenerator<Exchange> {
  for (let place = response; ; ) {
    const page: Response[] = await pageBefore(gateway, respondentId, place);
    const told = page.filter(({ completedAt }) => !isCutOff(completedAt, contextCutoffAt));
    const itemsFor = itemsInTurn(gateway, told);
    for (const earlier of told) yield exchangeOf(earlier, await itemsFor(earlier.id));
    place = page.at(-1) ?? null;
    // Responses end nearly in the order they came in: beyond a page of what was cut off there is nothing else.
    if (page.length < pageSize || told.length === 0) return;
  }
}

const pageBefore = (
  { store }: Gateway,
  respondentId: string,
  place: Pick<Response, "id" | "createdAt"> | null,
): Promise<Response[]> =>
  store.response.findMany({
    where: {
      respondentId,
      status: { in: ["COMPLETED", "FAILED", "CANCELLED"] },
      ...(place
        ? { OR: [{ createdAt: { lt: place.createdAt } }, { createdAt: place.createdAt, id: { lt: place.id } }] }
        : {}),
    },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: pageSize,
  });

const exchangeOf = (response: Response, items: Exchange["items"]): Exchange => ({
  input: wordsOf(response),
  output: response.outputText,
  items,
});
