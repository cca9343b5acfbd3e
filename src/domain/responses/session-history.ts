import type { Exchange } from "../../engines/engine.ts";
import type { Gateway } from "../../gateway.ts";
import type { Message, Response, Session } from "../../store/generated/client/client.ts";
import { itemsInTurn } from "./items.ts";
import { isCutOff } from "./respondent.ts";

const pageSize = 40;
/** So many messages of the system are told to a model; the newest count. */
const mostTold = 20;

/**
 * A session's conversation before the message that became this response (or up to now), from its cut-off on, newest
 * first, as exchanges; read page by page as far as asked. Answers go with what they answer, also where other messages
 * stand between the two.
 */
export async function* conversationBefore(
  gateway: Gateway,
  { id: sessionId, contextCutoffAt }: Pick<Session, "id" | "contextCutoffAt">,
  response: Pick<Response, "id"> | null,
): AsyncGenerator<Exchange> {
  const { store } = gateway;
  const asked = response && (await messageOf(store, sessionId, response.id));
  const answers = new Map<string, Message>();
  let unasked: string[] = [];
  for await (const page of pagesBackwards(gateway, sessionId)) {
    const itemsFor = await ownItems(gateway, sessionId, page);
    for (const message of page) {
      // What was asked before the cut-off and answered after it is still told.
      if (answers.size === 0 && isCutOff(message.createdAt, contextCutoffAt)) return;
      if (message.role === "ASSISTANT") {
        if (message.responseId === null) unasked.unshift(message.content);
        else answers.set(message.responseId, message);
        continue;
      }
      if (asked && message.seq >= asked.seq) continue;
      const answer = answers.get(message.responseId ?? "");
      const output = [answer?.content ?? "", ...unasked].filter((text) => text !== "").join("\n\n");
      unasked = [];
      answers.delete(message.responseId ?? "");
      if (isCutOff((answer ?? message).createdAt, contextCutoffAt)) continue;
      yield { input: message.content, output, items: await itemsFor(message.responseId ?? "") };
    }
  }
}

const messageOf = (store: Gateway["store"], sessionId: string, responseId: string) =>
  store.message.findFirst({ where: { sessionId, responseId, role: "USER" } });

/** What the system has told a session, the oldest first: part of its instructions rather than of what was said. */
export async function toldBySystem({ store }: Pick<Gateway, "store">, sessionId: string): Promise<readonly string[]> {
  const messages = await store.message.findMany({
    where: { sessionId, role: "SYSTEM" },
    orderBy: { seq: "desc" },
    take: mostTold,
  });
  return messages.toReversed().map(({ content }) => content);
}

/** What people and answers said, newest first. */
async function* pagesBackwards({ store }: Pick<Gateway, "store">, sessionId: string): AsyncGenerator<Message[]> {
  let before: number | null = null;
  for (;;) {
    const page: Message[] = await store.message.findMany({
      where: { sessionId, role: { not: "SYSTEM" }, ...(before === null ? {} : { seq: { lt: before } }) },
      orderBy: { seq: "desc" },
      take: pageSize,
    });
    yield page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    before = last.seq;
  }
}

/** The items of the responses that this session itself gave: those of what it was copied from are not its own. */
async function ownItems(gateway: Gateway, sessionId: string, page: readonly Message[]) {
  const ids = page.flatMap(({ role, responseId }) => (role === "USER" && responseId !== null ? [responseId] : []));
  const where = { id: { in: ids }, sessionId };
  const own = await gateway.store.response.findMany({ where, select: { id: true, itemBytes: true } });
  return itemsInTurn(
    gateway,
    own.toSorted((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id)),
  );
}
