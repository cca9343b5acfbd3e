import { deploymentLabel } from "../../src/runtime/labels.ts";
import { openEngineDirectly, testImage } from "../docker/world.ts";
import { docker } from "../support/needs.ts";

/** What makes a gateway run its computers in the tests' engine. */
export const dockerEnvironment = {
  RAWORC_RUNTIME: "docker",
  DOCKER_HOST: docker.found ?? "",
  RAWORC_AGENT_IMAGE: testImage,
};

/** That engine, without a gateway between. */
export const engine = openEngineDirectly();

const filtersOf = (deployment: string) => JSON.stringify({ label: [`${deploymentLabel}=${deployment}`] });

/** The names of one deployment's containers. */
export async function containersOf(deployment: string): Promise<readonly string[]> {
  const listed = await engine.listContainers({ all: true, filters: filtersOf(deployment) });
  return listed.map(({ Names }) => Names[0]?.slice(1) ?? "");
}

/** The names of its volumes. */
export async function volumesOf(deployment: string): Promise<readonly string[]> {
  const { Volumes } = await engine.listVolumes({ filters: filtersOf(deployment) });
  return Volumes.map(({ Name }) => Name);
}

/** Removes what a deployment left in the engine. */
export async function removeAllOf(deployment: string): Promise<void> {
  for (const name of await containersOf(deployment)) await engine.getContainer(name).remove({ force: true });
  for (const name of await volumesOf(deployment)) await engine.getVolume(name).remove();
}
