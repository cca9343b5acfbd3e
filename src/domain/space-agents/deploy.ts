import { serveCommand } from "../../engines/handler/launcher.ts";
import { conflict } from "../../errors.ts";
import { commit, type Committer, type Unit } from "../../events/commit.ts";
import type { Build, SpaceAgent } from "../../store/generated/client/client.ts";
import type { Transaction } from "../../store/store.ts";
import { builtAgentsOf, latestImage, type Manifest } from "../builds/build.ts";
import { createComputer } from "../computers/service.ts";
import { type ActiveSpace, requireActiveSpace } from "../spaces/service.ts";
import { computerLimitsOf } from "../spaces/settings.ts";
import { changeSpaceAgents, heldSpaceAgent } from "./change.ts";
import { undeploy } from "./stop.ts";

/** The code of an agent in the image of a build. */
interface Deployable {
  readonly build: Build;
  readonly manifest: Manifest;
}

/**
 * Runs an agent as a computer of its own, from the newest image of its space; it is `RUNNING` as soon as that runs.
 *
 * Deploying one that is deployed from that image already changes nothing; one with older code is replaced.
 *
 * @throws CONFLICT when the agent is inactive, when there is no image with it yet, or when the space is not active.
 */
export async function deploySpaceAgent(gateway: Committer, { id, spaceName }: SpaceAgent): Promise<SpaceAgent> {
  return commit(gateway, async (unit) => {
    const space = await requireActiveSpace(unit.tx, spaceName);
    const present = await heldSpaceAgent(unit, id);
    if (present.status === "INACTIVE") {
      throw conflict(`Space agent "${present.name}" is inactive; set it active first`, { state: present.status });
    }
    const code = await deployable(unit.tx, present);
    if (await isDeployed(unit.tx, present, code.build)) return present;
    return replace(unit, space, present, code);
  });
}

async function deployable(tx: Transaction, { name, spaceName, status }: SpaceAgent): Promise<Deployable> {
  const refused = (why: string) => conflict(`Space agent "${name}" cannot be deployed: ${why}`, { state: status });
  const build = await latestImage(tx, spaceName);
  if (!build) throw refused(`space "${spaceName}" has no completed build yet`);
  const built = builtAgentsOf(build).find((agent) => agent.name === name);
  if (!built) throw refused("it is not in the latest build; build the space and try again");
  if (built.error !== null || built.manifest === null) {
    throw refused(`it was left out of the latest build: ${built.error ?? "it says nothing of its handler"}`);
  }
  return { build, manifest: built.manifest };
}

async function isDeployed(tx: Transaction, { computerId, deployedBuild }: SpaceAgent, { id }: Build): Promise<boolean> {
  if (computerId === null || deployedBuild !== id) return false;
  return (await tx.computer.count({ where: { id: computerId, desired: "RUNNING" } })) > 0;
}

async function replace(unit: Unit, space: ActiveSpace, present: SpaceAgent, { build, manifest }: Deployable) {
  await undeploy(unit, present);
  const { runtime, handler } = manifest;
  const computer = await createComputer(unit, {
    space: space.name,
    image: build.image,
    limits: computerLimitsOf(space),
    network: space.network ?? unit.gateway.config.agentNetwork,
    command: serveCommand({ agent: present.name, runtime, handler }),
  });
  const status = present.status === "BUILDING" ? present.status : "ACTIVE";
  const data = { computerId: computer.id, deployedBuild: build.id, status, lastError: null } as const;
  const [agent] = await changeSpaceAgents(unit, { id: present.id }, data);
  return agent ?? present;
}
