import { type FollowOptions, followStream } from "../../events/follow.ts";
import { headOf } from "../../events/read.ts";
import { builder } from "../../graphql/builder.ts";
import { live } from "../../graphql/live.ts";
import type { Gateway } from "../../gateway.ts";
import type { Session as SessionRow } from "../../store/generated/client/client.ts";
import { maySee, sessionFor } from "./access.ts";
import { sessionOf } from "./change.ts";
import { Session } from "./schema.ts";
import { sessionStream } from "./session.ts";

/** A session as it was after an event of its stream. */
interface Placed {
  readonly session: SessionRow;
  readonly place: bigint;
}

builder.subscriptionField("sessionChanged", (t) =>
  t.field({
    type: Session,
    description: "First the session as it is, then as it is after every change; ends when it is deleted.",
    args: { id: t.arg.id({ required: true }) },
    subscribe: async (_root, { id }, context) => {
      const session = await sessionFor(context, id, "get");
      return live<Placed>(context, {
        // It may have moved to a space that the caller cannot look into.
        mayWatch: (principal, latest) => maySee(principal, latest?.session ?? session),
        shared: {
          name: sessionStream(id),
          after: null,
          open: (place, signal, onPresent) => followSession(context.gateway, id, place, signal, { onPresent }),
          placeOf: ({ place }) => place,
        },
      });
    },
    resolve: ({ session }) => session,
  }),
);

/** The state and the place in the stream are read in one snapshot, so no change is shown twice or missed. */
const sessionNow = (gateway: Gateway, id: string) =>
  gateway.store.transact(
    async (tx) => ({
      session: await tx.session.findUnique({ where: { id } }),
      place: await headOf(tx, sessionStream(id)),
    }),
    { oneSnapshot: true },
  );

/** The session as it is now, unless a place is given, and as it is after every change from there on. */
async function* followSession(
  gateway: Gateway,
  id: string,
  after: bigint | null,
  signal: AbortSignal,
  options: FollowOptions,
): AsyncGenerator<Placed, void, undefined> {
  let from = after;
  if (from === null) {
    const { session, place } = await sessionNow(gateway, id);
    if (!session) return;
    yield { session, place };
    from = place;
  }
  for await (const followed of followStream(gateway, sessionStream(id), from, signal, options)) {
    if (followed.kind === "delta") continue;
    if (followed.event.type === "session.deleted") return;
    // Its private texts are left out of events; no field shows them.
    const session = { ...sessionOf(followed.event), instructions: null, contextSummary: null };
    yield { session, place: BigInt(followed.event.seq) };
  }
}
