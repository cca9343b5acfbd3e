import type { ItemBody } from "../../engines/engine.ts";
import type { Unit } from "../../events/commit.ts";
import type { LogEvent } from "../../events/event.ts";
import { responseStream } from "./response.ts";

/**
 * The tool call of a response whose result is not recorded; `null` when there is none. Engines of the gateway use one
 * tool after another, so only the last item can be such a call, and nothing else is read.
 */
export async function openCallOf({ sql }: Pick<Unit, "sql">, id: string): Promise<ItemBody | null> {
  const [last] = await sql.all<Pick<LogEvent, "payload">>(lastItem, [responseStream(id)]);
  const item = last?.payload["item"] as ItemBody | undefined; // written by emitItems
  return item?.type === "tool_call" ? item : null;
}

const lastItem = `SELECT "payload" FROM "Event" WHERE "stream" = ? AND "type" = 'response.item'
  ORDER BY "seq" DESC LIMIT 1`;
