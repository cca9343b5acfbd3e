import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { postgresql } from "../support/needs.ts";
import { containersOf, dockerEnvironment, removeAllOf, volumesOf } from "./containers.ts";
import { createReplicas, type Replicas } from "./replicas.ts";
import { eventually, untilAgent } from "./watch.ts";
import { askAndWait, createAgent } from "./world.ts";

const places = 2;

describe.skipIf(postgresql.found === null)("two gateways on one PostgreSQL and one engine, with a warm pool", () => {
  let replicas: Replicas;
  beforeEach(async () => {
    replicas = await createReplicas({ ...dockerEnvironment, RAWORC_WARM_POOL: String(places) });
  });
  afterEach(async () => {
    await replicas.kill();
    await removeAllOf(await deployment());
    await replicas.close();
  });

  const deployment = async () =>
    (await replicas.store.setting.findUniqueOrThrow({ where: { key: "deployment" } })).value;

  test("nobody shares a computer, and the one that is left keeps the pool when the other is killed", async () => {
    const [first, second] = [await replicas.start(), await replicas.start()];
    await untilFull(second);
    const names = Array.from({ length: 6 }, (_, number) => `worker-${number}`);
    await Promise.all(names.map((name, number) => createAgent(number % 2 === 0 ? first : second, name)));
    await first.kill();

    for (const name of names) await untilAgent(second, name, "IDLE");
    await untilFull(second);
    const computers = await replicas.store.computer.findMany({
      include: { agent: true },
      orderBy: { warmSlot: "asc" },
    });
    expect(computers.flatMap(({ agent }) => agent?.name ?? []).toSorted()).toEqual(names);
    expect(computers.flatMap(({ warmSlot }) => warmSlot ?? [])).toEqual([0, 1]);
    const containers = computers.map(({ id, generation }) => `raworc-${id}-g${generation}`);
    expect((await containersOf(await deployment())).toSorted()).toEqual(containers.toSorted());
    expect(await volumesOf(await deployment())).toHaveLength(computers.length);
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
