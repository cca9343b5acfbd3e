import type { Store } from "../../store/store.ts";
import { buildStream } from "./build.ts";

/** What the event of a log line says; written by the build's log. */
export const textOf = (event: { readonly payload: unknown }) => (event.payload as { readonly text: string }).text;

/** The whole log of each of many builds, by one query. */
export async function linesOf(store: Pick<Store, "event">, ids: readonly string[]): Promise<string[]> {
  const events = await store.event.findMany({
    where: { stream: { in: ids.map(buildStream) }, type: "build.log" },
    orderBy: [{ stream: "asc" }, { seq: "asc" }],
    select: { stream: true, payload: true },
  });
  const byStream = Map.groupBy(events, ({ stream }) => stream);
  return ids.map((id) => (byStream.get(buildStream(id)) ?? []).map(textOf).join("\n"));
}
