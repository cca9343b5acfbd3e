import Docker from "dockerode";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { docker, postgresql } from "../support/needs.ts";
import { createReplicas, type Replicas } from "./replicas.ts";
import { eventually, untilAgent } from "./watch.ts";
import { askAndWait, createAgent } from "./world.ts";

const dockerHost = docker.found ?? "";
const engine = new Docker({ socketPath: dockerHost.replace("unix://", "") });
const places = 2;

/** A computer with the name of its agent, which one of the pool has not. */
interface ComputerRow {
  readonly id: string;
  readonly generation: number;
  readonly warmSlot: number | null;
  readonly name: string | null;
}

describe.skipIf(postgresql.found === null)("two gateways on one PostgreSQL and one engine, with a warm pool", () => {
  let replicas: Replicas;
  beforeEach(async () => {
    replicas = await createReplicas({
      RAWORC_RUNTIME: "docker",
      DOCKER_HOST: dockerHost,
      RAWORC_AGENT_IMAGE: "raworc-test/agent:1",
      RAWORC_WARM_POOL: String(places),
    });
  });
  afterEach(async () => {
    await replicas.kill();
    for (const name of await containers()) await engine.getContainer(name).remove({ force: true });
    for (const { Name } of await volumes()) await engine.getVolume(Name).remove();
    await replicas.close();
  });

  const filters = async () => {
    const [row] = await replicas.query<{ value: string }>(`SELECT value FROM "Setting" WHERE key = 'deployment'`);
    return JSON.stringify({ label: [`raworc.deployment=${row?.value}`] });
  };
  const containers = async () => {
    const listed = await engine.listContainers({ all: true, filters: await filters() });
    return listed.map(({ Names }) => Names[0]?.slice(1) ?? "").toSorted();
  };
  const volumes = async () => (await engine.listVolumes({ filters: await filters() })).Volumes;

  test("nobody shares a computer, and the one that is left keeps the pool when the other is killed", async () => {
    const [first, second] = [await replicas.start(), await replicas.start()];
    await untilFull(second);
    const names = Array.from({ length: 6 }, (_, number) => `worker-${number}`);
    await Promise.all(names.map((name, number) => createAgent(number % 2 === 0 ? first : second, name)));
    await first.kill();

    for (const name of names) await untilAgent(second, name, "IDLE");
    await untilFull(second);
    const rows = await replicas.query<ComputerRow>(`SELECT c.id, c.generation, c."warmSlot", a.name
      FROM "Computer" c LEFT JOIN "Agent" a ON a."computerId" = c.id ORDER BY c."warmSlot"`);
    expect(rows.flatMap(({ name }) => name ?? []).toSorted()).toEqual(names);
    expect(rows.flatMap(({ warmSlot }) => warmSlot ?? [])).toEqual([0, 1]);
    expect(await containers()).toEqual(rows.map(({ id, generation }) => `raworc-${id}-g${generation}`).toSorted());
    expect(await volumes()).toHaveLength(rows.length);
    // Whoever shared a volume would find the name of the other.
    for (const name of names) expect(await askAndWait(second, name, `ls; echo ${name} > ${name}`)).toBe("");
    for (const name of names) expect(await askAndWait(second, name, "ls")).toBe(`${name}\n`);
  });
});

const untilFull = (gateway: GatewayProcess) =>
  eventually(async () => {
    const { health } = await gateway.ask(`{ health { checks { name message } } }`);
    expect(health.checks).toContainEqual({ name: "warmPool", message: `${places} of ${places} ready` });
  });
