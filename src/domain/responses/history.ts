import type { Exchange } from "../../engines/engine.ts";
import type { Gateway } from "../../gateway.ts";
import { isJsonObject } from "../../json.ts";
import type { Response } from "../../store/generated/client/client.ts";
import { itemsOf } from "./items.ts";
import { textOf } from "./response.ts";

const pageSize = 20;

/** What the agent was asked and answered before this response, newest first; read page by page as far as asked. */
export async function* historyBefore(gateway: Gateway, response: Response): AsyncGenerator<Exchange> {
  let { id, createdAt } = response;
  for (;;) {
    const page = await gateway.store.response.findMany({
      where: {
        respondentId: response.respondentId,
        status: { in: ["COMPLETED", "FAILED", "CANCELLED"] },
        OR: [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id } }],
      },
      orderBy: [{ createdAt: "desc" }, { id: "desc" }],
      take: pageSize,
    });
    const items = await itemsOf(
      gateway,
      page.map((earlier) => earlier.id),
    );
    for (const earlier of page) yield exchangeOf(earlier, items);
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    ({ id, createdAt } = last);
  }
}

const exchangeOf = (response: Response, items: Awaited<ReturnType<typeof itemsOf>>): Exchange => ({
  input: isJsonObject(response.input) ? textOf(response.input) : "",
  output: response.outputText,
  items: (items.get(response.id) ?? []).map(({ raw }) => raw),
});
