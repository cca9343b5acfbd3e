import { followState, type Placed, type Told } from "../../events/follow-state.ts";
import { builder } from "../../graphql/builder.ts";
import { live } from "../../graphql/live.ts";
import type { SpaceAgent as SpaceAgentRow } from "../../store/generated/client/client.ts";
import { LogLine } from "../computers/schema.ts";
import { maySee, spaceAgentFor } from "./access.ts";
import { spaceAgentOf } from "./change.ts";
import { checkLines, followLogs } from "./logs.ts";
import { SpaceAgent } from "./schema.ts";
import { spaceAgentStream } from "./space-agent.ts";

builder.subscriptionFields((t) => {
  const place = { space: t.arg.id({ required: true }), name: t.arg.id({ required: true }) };
  return {
    spaceAgentChanged: t.field({
      type: SpaceAgent,
      description: "First the agent as it is, then as it is after every change; ends when it is deleted.",
      args: place,
      subscribe: async (_root, { space, name }, context) => {
        const agent = await spaceAgentFor(context, space, name, "get");
        return live<Placed<SpaceAgentRow>>(context, {
          mayWatch: (principal) => maySee(principal, agent),
          shared: {
            name: spaceAgentStream(agent.id),
            after: null,
            open: (from, signal, onPresent) =>
              followState(context.gateway, told(agent.id), from, signal, { onPresent }),
            placeOf: ({ place: reached }) => reached,
          },
        });
      },
      resolve: ({ state }) => state,
    }),
    spaceAgentLogs: t.field({
      type: LogLine,
      description:
        "What a deployed agent's main process printed, and prints, also after it was deployed anew; ends when the " +
        "agent is deleted.",
      args: {
        ...place,
        tail: t.arg.int({ defaultValue: 100, description: "How many lines of what was; 1000 at the most." }),
      },
      subscribe: async (_root, { space, name, tail }, context) => {
        const lines = checkLines("tail", tail);
        const agent = await spaceAgentFor(context, space, name, "get");
        return live(context, {
          mayWatch: (principal) => maySee(principal, agent),
          open: (signal) => followLogs(context.gateway, agent.id, lines, signal),
        });
      },
      resolve: (line) => line,
    }),
  };
});

const told = (id: string): Told<SpaceAgentRow> => ({
  stream: spaceAgentStream(id),
  read: (tx) => tx.spaceAgent.findUnique({ where: { id } }),
  after: (event) => (event.type === "space-agent.deleted" ? "gone" : spaceAgentOf(event)),
});
