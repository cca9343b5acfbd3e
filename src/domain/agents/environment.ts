import type { Gateway } from "../../gateway.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { environmentOf, type Owner } from "../secrets/owned.ts";

/** The agent as an owner of secrets. */
export const ownerOf = (agent: Pick<Agent, "id" | "spaceName">): Owner => ({
  space: agent.spaceName,
  kind: "AGENT",
  id: agent.id,
});

/** What the agent's commands find in their environment: secrets of its space, and its own, which win. */
export const agentEnvironment = (gateway: Gateway, agent: Agent) =>
  environmentOf(gateway, ownerOf(agent), agent.usesSpaceSecrets);
