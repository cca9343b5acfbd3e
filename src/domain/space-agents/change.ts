import { notFound } from "../../errors.ts";
import { asPayload } from "../../events/append.ts";
import type { Unit } from "../../events/commit.ts";
import { tellingOf } from "../../events/remembered.ts";
import type { JsonObject } from "../../json.ts";
import type { Prisma, SpaceAgent } from "../../store/generated/client/client.ts";
import { holdSpace } from "../spaces/service.ts";
import { spaceAgentStream } from "./space-agent.ts";

export type SpaceAgentEventType = "space-agent.created" | "space-agent.changed" | "space-agent.deleted";

/**
 * Changes the agents that are as `where` says, each with its event, and answers them as they now are.
 * The one way to change space agents: what is read first can be old by the time of the write.
 */
export async function changeSpaceAgents(
  unit: Unit,
  where: Prisma.SpaceAgentWhereInput,
  data: Prisma.SpaceAgentUncheckedUpdateManyInput,
): Promise<readonly SpaceAgent[]> {
  const agents = await unit.tx.spaceAgent.updateManyAndReturn({ where, data: { updatedAt: unit.at, ...data } });
  for (const agent of agents) await emitSpaceAgent(unit, "space-agent.changed", agent);
  return agents;
}

/** Writes one event of the agent; its payload is the agent as it now is. */
export const emitSpaceAgent = (unit: Unit, type: SpaceAgentEventType, agent: SpaceAgent) =>
  unit.emit({
    stream: spaceAgentStream(agent.id),
    type,
    space: agent.spaceName,
    payload: tellingOf(asPayload(agent), agent),
  });

/** The agent as an event shows it, with its dates as dates again. */
export function spaceAgentOf({ payload }: { readonly payload: JsonObject }): SpaceAgent {
  const agent = payload as unknown as SpaceAgent; // written by emitSpaceAgent, its dates as text
  return { ...agent, createdAt: new Date(agent.createdAt), updatedAt: new Date(agent.updatedAt) };
}

/**
 * The agent, held with its space until the change is made; the space first, as everybody does who needs both.
 *
 * @throws NOT_FOUND when the agent is gone.
 */
export async function heldSpaceAgent({ tx }: Unit, id: string): Promise<SpaceAgent> {
  const found = await tx.spaceAgent.findUnique({ where: { id }, select: { spaceName: true } });
  if (found) await holdSpace(tx, found.spaceName);
  const [agent] = await tx.spaceAgent.updateManyAndReturn({ where: { id }, data: { id } }); // writing is what holds it
  if (!agent) throw notFound("Space agent", id);
  return agent;
}
