import { commit, type Committer, type Unit } from "../../events/commit.ts";
import type { SpaceAgent } from "../../store/generated/client/client.ts";
import { emitSpaceAgent, heldSpaceAgent } from "./change.ts";
import { undeploy } from "./stop.ts";

/** Deletes an agent with its computer; the space's image is built without it. @throws NOT_FOUND when it is gone. */
export async function deleteSpaceAgent(gateway: Committer, id: string): Promise<SpaceAgent> {
  return commit(gateway, async (unit) => {
    const agent = await heldSpaceAgent(unit, id);
    await removeSpaceAgent(unit, agent);
    return agent;
  });
}

/** Deletes every agent of a space inside the change that deletes the space. */
export async function deleteSpaceAgentsOf(unit: Unit, spaceName: string): Promise<void> {
  const where = { spaceName };
  const agents = await unit.tx.spaceAgent.findMany({ where, orderBy: [{ createdAt: "asc" }, { id: "asc" }] });
  for (const agent of agents) await removeSpaceAgent(unit, agent);
}

async function removeSpaceAgent(unit: Unit, agent: SpaceAgent): Promise<void> {
  await undeploy(unit, agent);
  await unit.tx.spaceAgent.delete({ where: { id: agent.id } });
  await emitSpaceAgent(unit, "space-agent.deleted", agent);
}
