import { deletionOf, type Kind, type ListKind, rowsOf } from "../../events/remembered.ts";
import type { Context } from "../../graphql/context.ts";
import type { SpaceAgent } from "../../store/generated/client/client.ts";
import { rememberedList, whenThere } from "../../graphql/remembered.ts";
import { spaceAgentStream } from "./space-agent.ts";

const spaceAgents = rowsOf<SpaceAgent>("space agent", {
  keyOf: ({ id }) => id,
  topics: ({ id }) => [spaceAgentStream(id)],
});

/** The one agent of a name in a space, or none. */
const byName: ListKind<SpaceAgent> = {
  name: "space agent by name",
  rows: spaceAgents,
  topics: ([id]) => [id === undefined ? "space-agent.created" : deletionOf(id)],
};

const topics = () => ["space-agent:*"];

export const spaceAgentLists: ListKind<SpaceAgent> = { name: "space agents", rows: spaceAgents, topics };
export const spaceAgentCounts: Kind<number> = { name: "count of space agents", topics };

/** The agent of that name in a space. */
export const spaceAgentNamed = (context: Context, spaceName: string, name: string) =>
  whenThere(
    rememberedList(context, byName, { spaceName, name }, () =>
      context.gateway.store.spaceAgent.findMany({ where: { spaceName, name } }),
    ),
    ([agent]) => agent ?? null,
  );
