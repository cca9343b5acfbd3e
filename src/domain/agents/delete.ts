import { notFound } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { orderComputer } from "../computers/service.ts";
import { deleteSecrets } from "../secrets/owned.ts";
import { emitAgent } from "./change.ts";
import { ownerOf } from "./environment.ts";
import { holdAgent } from "./work.ts";

/**
 * Deletes an agent with its responses and secrets at once; its container and volume go as soon as the engine
 * answers. What it was answering ends as `failed` with reason AGENT_DELETED. The name is free again.
 *
 * @throws NOT_FOUND when the agent is gone.
 */
export async function deleteAgent(gateway: Gateway, id: string): Promise<Agent> {
  return commit(gateway, async (unit) => {
    const agent = await holdAgent(unit, id); // of several who delete it, one does
    if (!agent) throw notFound("Agent", id);
    await removeAgent(unit, agent);
    return agent;
  });
}

/** Deletes every agent of a space inside the change that deletes the space. */
export async function deleteAgentsOf(unit: Unit, spaceName: string): Promise<void> {
  const agents = await unit.tx.agent.findMany({ where: { spaceName }, orderBy: [{ createdAt: "asc" }, { id: "asc" }] });
  for (const agent of agents) await removeAgent(unit, agent);
}

async function removeAgent(unit: Unit, agent: Agent): Promise<void> {
  await emitAgent(unit, "agent.deleted", agent);
  await deleteSecrets(unit, ownerOf(agent));
  await orderComputer(unit, agent.computerId, "ABSENT");
  await unit.tx.agent.delete({ where: { id: agent.id } });
}
