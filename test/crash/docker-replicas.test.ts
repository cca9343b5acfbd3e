import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { postgresql } from "../support/needs.ts";
import { containersOf, volumesOf } from "./containers.ts";
import { createReplicas, type Replicas } from "./replicas.ts";
import { endOf, eventually, untilAgent, untilStatus } from "./watch.ts";
import { ask, askAndWait, createAgent } from "./world.ts";

const places = 2;

describe.skipIf(postgresql.found === null)("two gateways on one PostgreSQL and one engine", () => {
  let replicas: Replicas;
  beforeEach(async () => {
    replicas = await createReplicas();
  });
  afterEach(() => replicas.close());

  test("nobody shares a computer, and the one that is left keeps the pool when the other is killed", async () => {
    const pool = { RAWORC_WARM_POOL: String(places) };
    const [first, second] = [await replicas.start(pool), await replicas.start(pool)];
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
    expect((await containersOf(await replicas.deployment())).toSorted()).toEqual(containers.toSorted());
    expect(await volumesOf(await replicas.deployment())).toHaveLength(computers.length);
    // Whoever shared a volume would find the name of the other.
    for (const name of names) expect(await askAndWait(second, name, `ls; echo ${name} > ${name}`)).toBe("");
    for (const name of names) expect(await askAndWait(second, name, "ls")).toBe(`${name}\n`);
  });

  test("one of them sets an agent up, once", async () => {
    const gateways = [await replicas.start(), await replicas.start()] as const;
    const names = Array.from({ length: 4 }, (_, number) => `worker-${number}`);
    const setup = "echo begun >> runs; sleep 1; echo ended >> runs";
    await Promise.all(
      names.map((name, number) => createAgent(gateways[number % 2 === 0 ? 0 : 1], name, { engine: "SHELL", setup })),
    );
    for (const name of names) {
      await untilAgent(gateways[1], name, "IDLE");
      expect(await askAndWait(gateways[0], name, "cat runs")).toBe("begun\nended\n");
    }
    expect(await replicas.store.agent.findMany({ select: { setupStatus: true } })).toEqual(
      names.map(() => ({ setupStatus: "DONE" })),
    );
  });

  test("a set-up that one was killed in the middle of, the other begins anew", async () => {
    const first = await replicas.start();
    const setup = "echo begun >> runs; [ $(wc -l < runs) = 2 ] || sleep 600";
    await createAgent(first, "worker", { engine: "SHELL", setup });
    await eventually(() => first.ask(`{ agent(name: "worker") { file(path: "runs") { size } } }`));
    const second = await replicas.start();
    await first.kill();
    await untilAgent(second, "worker", "IDLE");
    const leftOver = "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sle[e]p 600'";
    expect(await askAndWait(second, "worker", `cat runs; ${leftOver}; true`)).toBe("begun\nbegun\n0\n");
  });

  test("what one of them may finish before it stops, the other leaves to it", async () => {
    const first = await replicas.start({ RAWORC_DRAIN_SECONDS: "30" });
    await createAgent(first, "worker");
    await untilAgent(first, "worker", "IDLE");
    const id = await ask(first, "worker", "sleep 14; echo done");
    await untilStatus(first, id, "PROCESSING");
    const second = await replicas.start();
    const ended = endOf(second, id, 30_000);
    await first.stop();
    expect((await ended).at(-1)).toMatchObject({ status: "COMPLETED", response: { failure: null } });
  });
});

const untilFull = (gateway: GatewayProcess) =>
  eventually(async () => {
    const { health } = await gateway.ask(`{ health { checks { name message } } }`);
    expect(health.checks).toContainEqual({ name: "warmPool", message: `${places} of ${places} ready` });
  });
