import { conflict } from "../../errors.ts";
import { commit, type Committer } from "../../events/commit.ts";
import type { SpaceAgent } from "../../store/generated/client/client.ts";
import { isUniqueViolation } from "../../store/violations.ts";
import { checkDescription } from "../../text.ts";
import { requireActiveSpace, requireRoom } from "../spaces/service.ts";
import { emitSpaceAgent } from "./change.ts";
import { checkSource } from "./source.ts";
import { checkSpaceAgentName, defaultBranch } from "./space-agent.ts";

/** A new space agent. */
export interface NewSpaceAgent {
  readonly space: string;
  readonly name: string;
  readonly description?: string | null;
  readonly purpose?: string | null;
  readonly sourceRepo: string;
  readonly sourceBranch?: string | null;
}

/**
 * Adds an agent to a space; a build of the space's image follows, without which it cannot answer or be deployed.
 *
 * @throws BAD_USER_INPUT naming the field, NOT_FOUND for the space, CONFLICT when the name is taken in it or the space
 *   is not active or full.
 */
export async function createSpaceAgent(gateway: Committer, input: NewSpaceAgent): Promise<SpaceAgent> {
  const { space, name, description = null, purpose = null, sourceRepo } = input;
  const sourceBranch = input.sourceBranch ?? defaultBranch;
  checkSpaceAgentName(name);
  checkDescription("description", description);
  checkDescription("purpose", purpose);
  checkSource(gateway.config, { sourceRepo, sourceBranch });
  const made = commit(gateway, async (unit) => {
    const target = await requireActiveSpace(unit.tx, space);
    await requireRoom(target, "maxSpaceAgents", () => unit.tx.spaceAgent.count({ where: { spaceName: space } }));
    const times = { createdAt: unit.at, updatedAt: unit.at };
    const id = gateway.newId();
    const columns = { name, description, purpose, sourceRepo, sourceBranch, createdByName: gateway.actor };
    const agent = await unit.tx.spaceAgent.create({ data: { id, spaceName: space, ...columns, ...times } });
    await emitSpaceAgent(unit, "space-agent.created", agent);
    return agent;
  });
  return made.catch((error: unknown) => {
    if (!isUniqueViolation(error)) throw error;
    throw conflict(`Space agent "${name}" already exists in space "${space}"`, { field: "name" });
  });
}
