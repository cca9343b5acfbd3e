import { notFound } from "../../errors.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent, Prisma } from "../../store/generated/client/client.ts";
import { changeAgent } from "./change.ts";

/** Which parts others may take along when they remix a published agent. */
export interface PublishPermissions {
  readonly code: boolean;
  readonly secrets: boolean;
  readonly content: boolean;
}

/** Shows an agent to everyone and says which parts may be remixed. Publishing again replaces the permissions. */
export const publishAgent = (gateway: Gateway, id: string, permissions: PublishPermissions): Promise<Agent> =>
  change(gateway, id, {
    isPublished: true,
    publishedAt: gateway.now(),
    publishedBy: gateway.actor,
    publishCode: permissions.code,
    publishSecrets: permissions.secrets,
    publishContent: permissions.content,
  });

/** Hides an agent from those who have no right to it. Remixes that were made stay. */
export const unpublishAgent = (gateway: Gateway, id: string): Promise<Agent> =>
  change(gateway, id, { isPublished: false, publishedAt: null, publishedBy: null });

async function change(gateway: Gateway, id: string, data: Prisma.AgentUpdateManyMutationInput): Promise<Agent> {
  const agent = await commit(gateway, (unit) => changeAgent(unit, { id }, data));
  if (!agent) throw notFound("Agent", id);
  return agent;
}
