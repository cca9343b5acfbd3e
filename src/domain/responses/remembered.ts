import type { Gateway } from "../../gateway.ts";
import type { LogEvent } from "../../events/event.ts";
import { deletionOf, type Kind, type ListKind, rowsOf } from "../../events/remembered.ts";
import type { Context } from "../../graphql/context.ts";
import { type MaybePromise, rememberedOf, rememberedOne } from "../../graphql/remembered.ts";
import type { Response } from "../../store/generated/client/client.ts";
import { inOrderOf } from "../../store/nested-pages.ts";
import { responseFactsOf } from "./change.ts";
import { checkBytesTogether, type Item, itemsOf, type ItemWindow } from "./items.ts";
import { responseStream } from "./response.ts";

/** A response goes with its agent or session. */
const responses = rowsOf<Response>("response", {
  keyOf: ({ id }) => id,
  topics: ({ id, respondentId }) => [responseStream(id), deletionOf(respondentId)],
});

const responsesOf = (respondentId: string) => `responses of ${respondentId}`;
const newResponsesOf = (respondentId: string) => `new responses of ${respondentId}`;

/** Whose response it is, and whether it is a new one: its first event says that it was made. */
export function responseTopics(event: LogEvent): readonly string[] {
  if (!event.type.startsWith("response.")) return [];
  const { agentId, sessionId } = responseFactsOf(event);
  const respondentId = agentId ?? sessionId ?? "";
  return event.seq === 1 ? [responsesOf(respondentId), newResponsesOf(respondentId)] : [responsesOf(respondentId)];
}

/** Keys begin with the id of who answers. */
const respondentIn = (key: string) => key.slice(0, key.indexOf(" "));
const whenMade = {
  topics: (_value: unknown, key: string) => [newResponsesOf(respondentIn(key)), deletionOf(respondentIn(key))],
};
const whenAnyMoves = {
  topics: (_value: unknown, key: string) => [responsesOf(respondentIn(key)), deletionOf(respondentIn(key))],
};

/** Lists of the responses of one respondent, and how many there are: of all of them, or of those of one status. */
export const responseLists: Readonly<Record<"all" | "ofStatus", ListKind<Response>>> = {
  all: { name: "responses", rows: responses, ...whenMade },
  ofStatus: { name: "responses of a status", rows: responses, ...whenAnyMoves },
};
export const responseCounts: Readonly<Record<"all" | "ofStatus", Kind<number>>> = {
  all: { name: "count of responses", ...whenMade },
  ofStatus: { name: "count of responses of a status", ...whenAnyMoves },
};

/** The items of a response; nothing but a further one changes them. */
const itemLists: Kind<readonly Item[]> = {
  name: "items",
  topics: (_items, key) => [responseStream(respondentIn(key))],
  renew: ({ type }, items) => (type === "response.item" ? null : items),
};

/** The items of a response; those of all responses of one call come together. @throws PAYLOAD_TOO_LARGE */
export const itemsOfOne = (context: Context, id: string, window: ItemWindow): MaybePromise<readonly Item[]> =>
  rememberedOf(context, itemLists, id, window, async (ids) => {
    await checkBytesTogether(context.gateway, ids);
    const items = await itemsOf(context.gateway, ids, window);
    return ids.map((each) => items.get(each) ?? []);
  });

/** The response of that id; those of one call are read together. */
export const responseById = (context: Context, id: string): MaybePromise<Response | null> =>
  rememberedOne(context, responses, id, async (ids) => inOrderOf(ids, await responsesOfIds(context.gateway, ids)));

/** One by hand, for whoever made a response asks for it next. */
const responsesOfIds = ({ store }: Pick<Gateway, "store">, ids: readonly string[]): Promise<readonly Response[]> =>
  ids.length === 1
    ? store.sql.all<Response>(`SELECT * FROM "Response" WHERE "id" = ?`, ids)
    : store.response.findMany({ where: { id: { in: [...ids] } } });
