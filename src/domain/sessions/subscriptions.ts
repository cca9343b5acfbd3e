import { followStream } from "../../events/follow.ts";
import { headOf } from "../../events/read.ts";
import { builder } from "../../graphql/builder.ts";
import { live } from "../../graphql/live.ts";
import type { Gateway } from "../../gateway.ts";
import type { Session as SessionRow } from "../../store/generated/client/client.ts";
import { maySee, sessionFor } from "./access.ts";
import { sessionOf } from "./change.ts";
import { Session } from "./schema.ts";
import { sessionStream } from "./session.ts";

builder.subscriptionField("sessionChanged", (t) =>
  t.field({
    type: Session,
    authScopes: { signedIn: true },
    description: "First the session as it is, then as it is after every change; ends when it is deleted.",
    args: { id: t.arg.id({ required: true }) },
    subscribe: async (_root, { id }, context) => {
      let session = await sessionFor(context, id, "get");
      return live(context, {
        // It may have moved to a space that the caller cannot look into.
        mayWatch: (principal) => maySee(principal, session),
        async *open(signal) {
          for await (session of followSession(context.gateway, id, signal)) yield session;
        },
      });
    },
    resolve: (session) => session,
  }),
);

/** The state and the place in the stream are read in one snapshot, so no change is shown twice or missed. */
async function* followSession(gateway: Gateway, id: string, signal: AbortSignal): AsyncGenerator<SessionRow> {
  const { present, head } = await gateway.store.transact(
    async (tx) => ({
      present: await tx.session.findUnique({ where: { id } }),
      head: await headOf(tx, sessionStream(id)),
    }),
    { oneSnapshot: true },
  );
  if (!present) return;
  yield present;
  for await (const followed of followStream(gateway, sessionStream(id), head, signal)) {
    if (followed.kind === "delta") continue;
    if (followed.event.type === "session.deleted") return;
    // Its private texts are left out of events; no field shows them.
    yield { ...sessionOf(followed.event), instructions: null, contextSummary: null };
  }
}
