import { followState, type Placed, type Told } from "../../events/follow-state.ts";
import { builder } from "../../graphql/builder.ts";
import { live } from "../../graphql/live.ts";
import type { Session as SessionRow } from "../../store/generated/client/client.ts";
import { maySee, sessionFor } from "./access.ts";
import { sessionOf } from "./change.ts";
import { Session } from "./schema.ts";
import { sessionStream } from "./session.ts";

builder.subscriptionField("sessionChanged", (t) =>
  t.field({
    type: Session,
    description: "First the session as it is, then as it is after every change; ends when it is deleted.",
    args: { id: t.arg.id({ required: true }) },
    subscribe: async (_root, { id }, context) => {
      const session = await sessionFor(context, id, "get");
      return live<Placed<SessionRow>>(context, {
        // It may have moved to a space that the caller cannot look into.
        mayWatch: (principal, latest) => maySee(principal, latest?.state ?? session),
        shared: {
          name: sessionStream(id),
          after: null,
          open: (place, signal, onPresent) => followState(context.gateway, told(id), place, signal, { onPresent }),
          placeOf: ({ place }) => place,
        },
      });
    },
    resolve: ({ state }) => state,
  }),
);

const told = (id: string): Told<SessionRow> => ({
  stream: sessionStream(id),
  read: (tx) => tx.session.findUnique({ where: { id } }),
  // Its private texts are left out of events; no field shows them.
  after: (event) =>
    event.type === "session.deleted" ? "gone" : { ...sessionOf(event), instructions: null, contextSummary: null },
});
