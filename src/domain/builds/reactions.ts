import type { Reaction, Unit } from "../../events/commit.ts";
import type { NewEvent } from "../../events/event.ts";
import { spaceOf } from "../spaces/space.ts";
import { builtAgentsOf, newestFirst, unfinished } from "./build.ts";
import { moveBuild } from "./change.ts";
import { orderBuild } from "./order.ts";

/**
 * What happens to space agents orders builds, in the same transaction. It comes after the reactions of space agents:
 * of a deleted space they delete the agents, which orders a build, before its builds are deleted here.
 */
export const buildReactions: readonly Reaction[] = [
  {
    to: ["space-agent.created", "space-agent.deleted"],
    react: async (unit, event) => void (await orderBuild(unit, agentOf(event).spaceName)),
  },
  {
    to: ["space-agent.changed"],
    async react(unit, event) {
      const agent = agentOf(event);
      if (await isNews(unit, agent)) await orderBuild(unit, agent.spaceName);
    },
  },
  {
    to: ["space.deleted"],
    react: (unit, event) => deleteBuilds(unit, spaceOf(event).name),
  },
];

interface SpaceAgentFacts {
  readonly spaceName: string;
  readonly name: string;
  readonly sourceRepo: string;
  readonly sourceBranch: string;
  readonly status: string;
}

const agentOf = (event: NewEvent) => event.payload as unknown as SpaceAgentFacts; // the room writes the row there

/**
 * Whether the newest build knows the agent otherwise than it now is. Builds change the status of agents too, and
 * must not order builds by that; so what counts is what was to be built, whatever came of it.
 */
async function isNews({ tx }: Unit, agent: SpaceAgentFacts): Promise<boolean> {
  const newest = await tx.build.findFirst({ where: { spaceName: agent.spaceName }, orderBy: newestFirst });
  if (newest?.status === "PENDING") return false;
  const known = newest && builtAgentsOf(newest).find(({ name }) => name === agent.name);
  if (agent.status === "INACTIVE") return Boolean(known);
  return known?.sourceRepo !== agent.sourceRepo || known.sourceBranch !== agent.sourceBranch;
}

/** Images go later, when the engine answers and no computer is made from them. */
async function deleteBuilds(unit: Unit, spaceName: string): Promise<void> {
  const where = { spaceName, status: { in: [...unfinished] } };
  const open = await unit.tx.build.findMany({ where, select: { id: true } });
  for (const { id } of open) await moveBuild(unit, { id }, "CANCELLED", { error: "The space was deleted" });
  await unit.tx.build.deleteMany({ where: { spaceName } });
}
