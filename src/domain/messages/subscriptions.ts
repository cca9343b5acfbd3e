import { isAllowed } from "../../auth/policy.ts";
import { badInput } from "../../errors.ts";
import { followStream } from "../../events/follow.ts";
import { headOf } from "../../events/read.ts";
import { builder } from "../../graphql/builder.ts";
import { live } from "../../graphql/live.ts";
import type { Gateway } from "../../gateway.ts";
import type { Message as MessageRow } from "../../store/generated/client/client.ts";
import { sessionFor, targetOf } from "../sessions/access.ts";
import { messageStream } from "./message.ts";
import { Message } from "./schema.ts";

const pageSize = 100;

builder.subscriptionField("messageAdded", (t) =>
  t.field({
    type: Message,
    description:
      "Every message after the one named, or from now on: each once and in order, first what was, then live. Ends " +
      "when the session is deleted.",
    args: {
      session: t.arg.id({ required: true, description: "The session's id." }),
      after: t.arg.id({ description: "The id of the last message that is known." }),
    },
    subscribe: async (_root, { session: id, after }, context) => {
      let session = await sessionFor(context, id, "list", "messages");
      const place = await placeOf(context.gateway, id, after);
      return live(context, {
        // It may have moved to a space that the caller cannot look into.
        mayWatch: (principal) => isAllowed(principal, "list", "messages", targetOf(session)),
        async *open(signal) {
          for await (const message of followMessages(context.gateway, id, place, signal)) {
            session = (await context.gateway.store.session.findUnique({ where: { id } })) ?? session;
            yield message;
          }
        },
      });
    },
    resolve: (message) => message,
  }),
);

/** @throws BAD_USER_INPUT for a message that is not, or no longer, in the conversation. */
async function placeOf({ store }: Gateway, sessionId: string, after: string | null | undefined): Promise<number> {
  if (after == null) {
    const session = await store.session.findUnique({ where: { id: sessionId }, select: { messageHead: true } });
    return session?.messageHead ?? 0;
  }
  const message = await store.message.findUnique({ where: { id: after, sessionId }, select: { seq: true } });
  if (!message) throw badInput("after", `"after" must be the id of a message that is in this session`);
  return message.seq;
}

/** The log says when to look; what is there is read from the table, so nothing is missed and nothing told twice. */
async function* followMessages(
  gateway: Gateway,
  sessionId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<MessageRow, void, undefined> {
  // The head is taken before the session is looked for, so that its end is seen by one of them.
  const head = await headOf(gateway.store, messageStream(sessionId));
  if ((await gateway.store.session.count({ where: { id: sessionId } })) === 0) return;
  let place = after;
  async function* unread() {
    for (;;) {
      const page = await gateway.store.message.findMany({
        where: { sessionId, seq: { gt: place } },
        orderBy: { seq: "asc" },
        take: pageSize,
      });
      for (const message of page) {
        place = message.seq;
        yield message;
      }
      if (page.length < pageSize) return;
    }
  }
  yield* unread();
  for await (const followed of followStream(gateway, messageStream(sessionId), head, signal)) {
    if (followed.kind === "delta") continue;
    if (followed.event.type === "message.ended") return;
    yield* unread();
  }
}
