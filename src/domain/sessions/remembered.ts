import { deletionOf, type Kind, type ListKind, rowsOf } from "../../events/remembered.ts";
import type { Context } from "../../graphql/context.ts";
import { type MaybePromise, rememberedOne } from "../../graphql/remembered.ts";
import type { Session } from "../../store/generated/client/client.ts";
import { inOrderOf } from "../../store/nested-pages.ts";
import { sessionStream } from "./session.ts";

/** A message counts in its session; an account goes without an event of the session. */
const sessions = rowsOf<Session>("session", {
  keyOf: ({ id }) => id,
  topics: ({ id, createdById }) => [
    sessionStream(id),
    `message:${id}`,
    ...(createdById === null ? [] : [deletionOf(createdById)]),
  ],
});

/** A session may move to another space, so that any event may change what is in a list. */
const topics = () => ["session:*"];

export const sessionLists: ListKind<Session> = { name: "sessions", rows: sessions, topics };
export const sessionCounts: Kind<number> = { name: "count of sessions", topics };

/** The session of that id; those of one call are read together. */
export const sessionById = (context: Context, id: string): MaybePromise<Session | null> =>
  rememberedOne(context, sessions, id, async (ids) =>
    inOrderOf(ids, await context.gateway.store.session.findMany({ where: { id: { in: [...ids] } } })),
  );
