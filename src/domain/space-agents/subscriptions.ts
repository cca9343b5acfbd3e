import { type FollowOptions, followStream } from "../../events/follow.ts";
import { headOf } from "../../events/read.ts";
import { builder } from "../../graphql/builder.ts";
import { live } from "../../graphql/live.ts";
import type { Gateway } from "../../gateway.ts";
import type { SpaceAgent as SpaceAgentRow } from "../../store/generated/client/client.ts";
import { LogLine } from "../computers/schema.ts";
import { maySee, spaceAgentFor } from "./access.ts";
import { spaceAgentOf } from "./change.ts";
import { checkLines, followLogs } from "./logs.ts";
import { SpaceAgent } from "./schema.ts";
import { spaceAgentStream } from "./space-agent.ts";

/** An agent as it was after an event of its stream. */
interface Placed {
  readonly agent: SpaceAgentRow;
  readonly place: bigint;
}

builder.subscriptionFields((t) => {
  const place = { space: t.arg.id({ required: true }), name: t.arg.id({ required: true }) };
  return {
    spaceAgentChanged: t.field({
      type: SpaceAgent,
      description: "First the agent as it is, then as it is after every change; ends when it is deleted.",
      args: place,
      subscribe: async (_root, { space, name }, context) => {
        const agent = await spaceAgentFor(context, space, name, "get");
        return live<Placed>(context, {
          mayWatch: (principal) => maySee(principal, agent),
          shared: {
            name: spaceAgentStream(agent.id),
            after: null,
            open: (from, signal, onPresent) => followSpaceAgent(context.gateway, agent.id, from, signal, { onPresent }),
            placeOf: ({ place: reached }) => reached,
          },
        });
      },
      resolve: ({ agent }) => agent,
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

/** The state and the place in the stream are read in one snapshot, so no change is shown twice or missed. */
const spaceAgentNow = (gateway: Gateway, id: string) =>
  gateway.store.transact(
    async (tx) => ({
      agent: await tx.spaceAgent.findUnique({ where: { id } }),
      place: await headOf(tx, spaceAgentStream(id)),
    }),
    { oneSnapshot: true },
  );

/** The agent as it is now, unless a place is given, and as it is after every change from there on. */
async function* followSpaceAgent(
  gateway: Gateway,
  id: string,
  after: bigint | null,
  signal: AbortSignal,
  options: FollowOptions,
): AsyncGenerator<Placed, void, undefined> {
  let from = after;
  if (from === null) {
    const { agent, place } = await spaceAgentNow(gateway, id);
    if (!agent) return;
    yield { agent, place };
    from = place;
  }
  for await (const followed of followStream(gateway, spaceAgentStream(id), from, signal, options)) {
    if (followed.kind === "delta") continue;
    if (followed.event.type === "space-agent.deleted") return;
    yield { agent: spaceAgentOf(followed.event), place: BigInt(followed.event.seq) };
  }
}
