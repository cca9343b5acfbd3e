import { badInput } from "../../errors.ts";
import { commit, type Committer } from "../../events/commit.ts";
import type { SpaceAgent } from "../../store/generated/client/client.ts";
import { checkDescription } from "../../text.ts";
import { changeSpaceAgents, heldSpaceAgent } from "./change.ts";
import { checkSource } from "./source.ts";
import type { SettableStatus } from "./space-agent.ts";
import { undeploy } from "./stop.ts";

/** What of a space agent can be changed; absent stays as it is, `null` clears a text and leaves a source. */
export interface SpaceAgentChange {
  readonly description?: string | null;
  readonly purpose?: string | null;
  readonly sourceRepo?: string | null;
  readonly sourceBranch?: string | null;
}

/**
 * Changes an agent. Another source is built into the space's image; what is deployed goes on with its old code until
 * it is deployed again.
 *
 * @throws BAD_USER_INPUT naming the field, NOT_FOUND when the agent is gone.
 */
export async function updateSpaceAgent(gateway: Committer, id: string, change: SpaceAgentChange): Promise<SpaceAgent> {
  checkDescription("description", change.description);
  checkDescription("purpose", change.purpose);
  const texts = {
    ...(change.description === undefined ? {} : { description: change.description }),
    ...(change.purpose === undefined ? {} : { purpose: change.purpose }),
  };
  return commit(gateway, async (unit) => {
    const present = await heldSpaceAgent(unit, id);
    const source = {
      sourceRepo: change.sourceRepo ?? present.sourceRepo,
      sourceBranch: change.sourceBranch ?? present.sourceBranch,
    };
    const moved = source.sourceRepo !== present.sourceRepo || source.sourceBranch !== present.sourceBranch;
    if (moved) checkSource(gateway.config, source);
    const [agent] = await changeSpaceAgents(unit, { id }, { ...texts, ...source });
    return agent ?? present;
  });
}

/**
 * Sets an agent `ACTIVE` (built into the space's image) or `INACTIVE` (left out of it; what is deployed is stopped).
 * One that is there already stays as it is, also one that runs or is being built when it is to be active.
 *
 * @throws BAD_USER_INPUT for another word, NOT_FOUND when the agent is gone.
 */
export async function setSpaceAgentStatus(gateway: Committer, id: string, status: string): Promise<SpaceAgent> {
  const wanted = settable(status);
  return commit(gateway, async (unit) => {
    const present = await heldSpaceAgent(unit, id);
    const isThere = wanted === "ACTIVE" ? isActive(present) : present.status === "INACTIVE";
    if (isThere) return present;
    const data = { ...(await undeploy(unit, present)), status: wanted, lastError: null };
    const [agent] = await changeSpaceAgents(unit, { id }, data);
    return agent ?? present;
  });
}

const isActive = ({ status }: SpaceAgent) => status === "ACTIVE" || status === "BUILDING" || status === "RUNNING";

function settable(status: string): SettableStatus {
  const wanted = status.toUpperCase();
  if (wanted === "ACTIVE" || wanted === "INACTIVE") return wanted;
  throw badInput("status", `"status" must be active or inactive; the others are seen, not set`);
}
