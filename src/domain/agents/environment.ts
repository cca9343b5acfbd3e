import type { Gateway } from "../../gateway.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { environmentOf, type Holder } from "../secrets/environment.ts";
import type { Owner } from "../secrets/owned.ts";

/** The agent as an owner of secrets. */
export const ownerOf = (agent: Pick<Agent, "id" | "spaceName">): Owner => ({
  space: agent.spaceName,
  kind: "AGENT",
  id: agent.id,
});

/**
 * What the agent's commands find in their environment: its own secrets, and those of its space while whoever made it may
 * make agents there. Its own win.
 */
export const agentEnvironment = (gateway: Gateway, agent: Agent) => environmentOf(gateway, ownerOf(agent), agent);

/** The agent as an owner of commands. */
export const holderOf = (agent: Agent): Holder => ({ owner: ownerOf(agent), made: agent });
