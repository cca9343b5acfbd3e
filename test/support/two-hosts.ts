import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { deploymentLabel } from "../../src/runtime/labels.ts";
import { createAgent, createWorld } from "../crash/world.ts";
import { eventually, untilAgent } from "../crash/watch.ts";
import { makeCertificates } from "../docker/certificates.ts";
import { type PrivateEngine, startPrivateEngine } from "../docker/private-engine.ts";
import { openEngineDirectly, openTestRuntime, testImage } from "../docker/world.ts";
import { type EngineWay, openWay } from "./engine-way.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import { docker } from "./needs.ts";

export type HostName = "north" | "south";

/**
 * A gateway as users run it, over two engines that RAWORC_DOCKER_HOSTS names: the tests' own is north, and south is one
 * that can be killed and is reached over TLS.
 */
export interface TwoHosts {
  readonly gateway: GatewayProcess;
  readonly south: PrivateEngine;
  readonly way: EngineWay;
  /** The names of its containers there, as the engine says itself. */
  readonly containersOn: (host: HostName) => Promise<readonly string[]>;
  /** How many computers each has, by the gateway's own book. */
  readonly counts: () => Readonly<Record<HostName, number>>;
  /** The deaths and failed starts that it counts of a computer. */
  readonly failuresOf: (computer: string) => number;
  readonly stop: () => Promise<void>;
}

/** Starts all of it, with the default image on both. */
export async function startTwoHosts(env: Readonly<Record<string, string>>): Promise<TwoHosts> {
  const folder = await mkdtemp(join(tmpdir(), "raworc-hosts-"));
  const south = await startPrivateEngine();
  const way = await openWay(south.dockerHost, makeCertificates(join(folder, "south")));
  const images = openTestRuntime({ dockerHost: south.dockerHost });
  await images.ensureImage(testImage).finally(() => images.close());
  const world = await createWorld({
    RAWORC_DOCKER_HOSTS: `north=${docker.found},south=${way.address}`,
    DOCKER_TLS_VERIFY: "1",
    DOCKER_CERT_PATH: folder,
    RAWORC_AGENT_IMAGE: testImage,
    ...env,
  });
  const gateway = await world.start();
  const database = new Database(join(world.dataDir, "gateway.db"), { readonly: true });
  const deployment = database.prepare(`SELECT "value" FROM "Setting" WHERE "key" = 'deployment'`).pluck().get();
  const filters = JSON.stringify({ label: [`${deploymentLabel}=${String(deployment)}`] });
  const failures = database.prepare(`SELECT "failures" FROM "Computer" WHERE "id" = ?`).pluck();
  const count = database.prepare(`SELECT COUNT(*) FROM "Computer" WHERE "host" = ?`).pluck();
  const engines = { north: openEngineDirectly(), south: openEngineDirectly(south.dockerHost) };
  const containersOn = async (host: HostName) =>
    (await engines[host].listContainers({ all: true, filters })).map(({ Names }) => Names[0]?.slice(1) ?? "");
  return {
    gateway,
    south,
    way,
    containersOn,
    counts: () => ({ north: Number(count.get("north")), south: Number(count.get("south")) }),
    failuresOf: (id) => Number(failures.get(id)),
    async stop() {
      database.close();
      await world.close();
      for (const name of await containersOn("north")) await engines.north.getContainer(name).remove({ force: true });
      const { Volumes } = await engines.north.listVolumes({ filters });
      for (const { Name } of Volumes) await engines.north.getVolume(Name).remove();
      way.close();
      await south.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Makes an agent that does not fall asleep, and waits for its computer; answers that. */
export async function makeAgent({ gateway }: TwoHosts, name: string) {
  const patient = { idleTimeoutSeconds: 86_400, busyTimeoutSeconds: 86_400 };
  await createAgent(gateway, name, { engine: "SHELL", ...patient });
  await untilAgent(gateway, name, "IDLE");
  return computerOf(gateway, name);
}

/** Deletes an agent, and waits until nothing of its computer is left. */
export async function removeAgent({ gateway, counts }: TwoHosts, name: string): Promise<void> {
  const { north, south } = counts();
  await gateway.ask(`mutation ($name: ID!) { deleteAgent(name: $name) { name } }`, { name });
  await eventually(() => {
    const left = counts();
    if (left.north + left.south === north + south) throw new Error(`the computer of ${name} is still there`);
  });
}

/** Where an agent's files are, and how its computer is. */
export async function computerOf(gateway: GatewayProcess, name: string) {
  const query = `query ($name: ID!) { agent(name: $name) { computer { id host phase generation lastError } } }`;
  return (await gateway.ask(query, { name })).agent.computer;
}

/** Asks and waits for the end, also of what takes long. */
export async function answerOf(gateway: GatewayProcess, agent: string, text: string): Promise<string> {
  const query = `mutation ($agent: ID!, $input: JSON!) {
    createResponse(agent: $agent, input: $input, wait: true, timeoutSeconds: 60) { status failure { message } output { text } }
  }`;
  const { status, failure, output } = (await gateway.ask(query, { agent, input: { text } })).createResponse;
  if (status !== "COMPLETED") throw new Error(`${agent}: ${status} ${failure?.message}`);
  return output.text;
}
