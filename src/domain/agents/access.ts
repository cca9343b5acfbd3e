import type { Resource, Verb } from "../../auth/permissions.ts";
import { decide, isAllowed, type Target, visibleSpaces } from "../../auth/policy.ts";
import type { Principal } from "../../auth/principal.ts";
import { unauthenticated } from "../../auth/authenticate.ts";
import { notFound } from "../../errors.ts";
import { forbidden, requireAllowed, requirePrincipal } from "../../graphql/authorize.ts";
import type { Context } from "../../graphql/context.ts";
import { type MaybePromise, whenThere } from "../../graphql/remembered.ts";
import type { Agent, Prisma } from "../../store/generated/client/client.ts";
import { agentNamed } from "./remembered.ts";

type Located = Pick<Agent, "id" | "name" | "spaceName" | "createdById" | "isPublished">;

/** The agent as the policy sees it. */
export const targetOf = (agent: Located): Target => ({
  space: agent.spaceName,
  ownerId: agent.createdById,
  agentId: agent.id,
  name: agent.name,
  published: agent.isPublished,
});

/**
 * The agent of that name (in any case of letters), if the caller may do this with it.
 *
 * @throws NOT_FOUND for a missing and for a hidden one, FORBIDDEN for one that is known, UNAUTHENTICATED.
 */
export const agentFor = (
  context: Context,
  name: string,
  verb: Verb,
  resource: Resource = "agents",
): MaybePromise<Agent> =>
  whenThere(agentNamed(context.gateway, name), (agent) => {
    if (!agent) throw context.principal ? notFound("Agent", name) : unauthenticated();
    requireOnAgent(context, verb, resource, agent, name);
    return agent;
  });

/**
 * Lets the call go on if the caller may do this with the agent, or with what belongs to it.
 *
 * @throws as `requireAllowed` does; who may see the agent is not told that it is missing.
 */
export function requireOnAgent(context: Context, verb: Verb, resource: Resource, agent: Located, name = agent.name) {
  const target = targetOf(agent);
  if (isAllowed(context.principal, verb, resource, target)) return;
  requireAllowed(context, "get", "agents", target, { kind: "Agent", name });
  throw forbidden(requirePrincipal(context).user, `${resource}:${verb}`);
}

/** Whether the caller may see the agent: relations to hidden ones are `null`. */
export const maySee = (principal: Principal | null, agent: Located): boolean =>
  decide(principal, "get", "agents", targetOf(agent)) === "allow";

/**
 * Whether the caller may see how the agent's computer is and what it holds or says: not whoever sees the agent only
 * because it is published.
 */
export const maySeeInside = (principal: Principal | null, agent: Located): boolean =>
  isAllowed(principal, "get", "files", targetOf(agent));

/** Whether the caller may see what the agent answers, not only that it exists. */
export const maySeeResponses = (principal: Principal | null, agent: Located): boolean =>
  isAllowed(principal, "get", "responses", targetOf(agent));

/** The agents that a list shows to the caller: those of spaces they may list, and their own. */
export function visibleAgents(principal: Principal | null): Prisma.AgentWhereInput {
  const spaces = visibleSpaces(principal, "list", "agents");
  if (spaces === "all") return {};
  const own = principal?.kind === "account" ? [{ createdById: principal.id }] : [];
  return { OR: [{ spaceName: { in: [...spaces] } }, ...own] };
}
