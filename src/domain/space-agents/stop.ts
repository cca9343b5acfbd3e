import { commit, type Committer, type Unit } from "../../events/commit.ts";
import type { SpaceAgent } from "../../store/generated/client/client.ts";
import { orderComputer } from "../computers/service.ts";
import { changeSpaceAgents, heldSpaceAgent } from "./change.ts";

/**
 * Stops a deployed agent: its computer is removed with all that is in it. One that is not deployed stays as it is.
 *
 * @throws NOT_FOUND when the agent is gone.
 */
export async function stopSpaceAgent(gateway: Committer, id: string): Promise<SpaceAgent> {
  return commit(gateway, async (unit) => {
    const present = await heldSpaceAgent(unit, id);
    if (present.computerId === null) return present;
    const stopped = await undeploy(unit, present);
    const [agent] = await changeSpaceAgents(unit, { id }, { ...stopped, status: "STOPPED", lastError: null });
    return agent ?? present;
  });
}

/** Orders the computer of a deployed agent away and answers the columns that say that there is none. */
export async function undeploy(unit: Unit, { computerId }: Pick<SpaceAgent, "computerId">) {
  if (computerId !== null) await orderComputer(unit, computerId, "ABSENT");
  return { computerId: null, deployedBuild: null };
}
