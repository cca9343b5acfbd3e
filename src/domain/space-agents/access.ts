import { unauthenticated } from "../../auth/authenticate.ts";
import type { Verb } from "../../auth/permissions.ts";
import { isAllowed, type Target } from "../../auth/policy.ts";
import type { Principal } from "../../auth/principal.ts";
import { notFound } from "../../errors.ts";
import { requireAllowed } from "../../graphql/authorize.ts";
import type { Context } from "../../graphql/context.ts";
import type { SpaceAgent } from "../../store/generated/client/client.ts";
import { requireSpace } from "../spaces/access.ts";
import { spaceAgentNamed } from "./remembered.ts";

const kind = "Space agent";

type Located = Pick<SpaceAgent, "spaceName" | "name">;

/** The space agent as the policy sees it. */
const targetOf = ({ spaceName, name }: Located): Target => ({ space: spaceName, name });

/**
 * The agent of that name in a space, if the caller may do this with it.
 *
 * @throws NOT_FOUND for a missing and for a hidden one, FORBIDDEN for one that is known, UNAUTHENTICATED.
 */
export async function spaceAgentFor(context: Context, space: string, name: string, verb: Verb): Promise<SpaceAgent> {
  const agent = await spaceAgentNamed(context, space, name);
  if (!agent) throw context.principal ? notFound(kind, name) : unauthenticated();
  requireAllowed(context, verb, "agents", targetOf(agent), { kind, name });
  return agent;
}

/** Lets the call go on if the caller may do this with the agents of a space. @throws NOT_FOUND for the space, FORBIDDEN. */
export async function requireSpaceAgents(context: Context, space: string, verb: "create" | "list"): Promise<void> {
  await requireSpace(context, space);
  requireAllowed(context, verb, "agents", { space }, { kind: "Space", name: space });
}

/** Whether the caller may see the agent. */
export const maySee = (principal: Principal | null, agent: Located): boolean =>
  isAllowed(principal, "get", "agents", targetOf(agent));

/** Whether the caller may list the agents of a space. */
export const mayList = (principal: Principal | null, space: string): boolean =>
  isAllowed(principal, "list", "agents", { space });
