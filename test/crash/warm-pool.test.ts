import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { integer, sample } from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { eventually, untilAgent } from "./watch.ts";
import { askAndWait, createAgent, createWorld, plainGateway, type World } from "./world.ts";

/** Set it to the number in a failed test's name to meet the same moments again. */
const seed = Number(process.env["CRASH_SEED"] ?? Math.floor(Math.random() * 1e6));
const moments = sample(integer({ min: 0, max: 700 }), { seed, numRuns: 5 });
const places = 3;

describe(`kill -9 of a gateway with a warm pool (CRASH_SEED=${seed})`, () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld({ RAWORC_RUNTIME: "process", RAWORC_WARM_POOL: String(places) }, plainGateway);
  });
  afterEach(() => world.close());

  test("while it fills, gives and drains: nothing is left, and nobody shares a computer", async () => {
    const names: string[] = [];
    for (const [round, moment] of moments.entries()) {
      // Every other gateway has fewer places, so that some die while they drain.
      const gateway = await world.start({ RAWORC_WARM_POOL: String(round % 2 === 0 ? places : 1) });
      const working = createUntilDeath(gateway, `worker-${round}`, names);
      await delay(moment);
      await gateway.kill();
      await working;
    }
    const after = await world.start();
    const last = "made-by-the-last";
    await createAgent(after, last);
    for (const name of [...names, last]) await untilAgent(after, name, "IDLE");
    await untilSettled(after, world);
    // Whoever shared a volume would find the name of the other.
    for (const name of names) expect(await askAndWait(after, name, `ls; echo ${name} > ${name}`)).toBe("");
    for (const name of names) expect(await askAndWait(after, name, "ls")).toBe(`${name}\n`);
  });
});

/** Creates agents one after another until the gateway is gone; `names` holds those that were acknowledged. */
async function createUntilDeath(gateway: GatewayProcess, prefix: string, names: string[]): Promise<void> {
  for (let count = 0; ; count++) {
    const name = `${prefix}-${count}`;
    try {
      await createAgent(gateway, name);
    } catch (error) {
      if (error instanceof TypeError && /fetch failed|terminated/.test(error.message)) return;
      throw error;
    }
    names.push(name);
    await delay(40);
  }
}

/** Resolves when the pool is full, and containers and volumes are the agents' and its own, one each. */
async function untilSettled(gateway: GatewayProcess, { dataDir }: World): Promise<void> {
  const namesIn = (folder: string) =>
    readdirSync(join(dataDir, "computers", folder)).filter((name) => !name.startsWith("."));
  const query = `{ health { checks { name message } } agents(first: 1000) { nodes { computer { id generation phase } } } }`;
  await eventually(async () => {
    const { health, agents } = await gateway.ask(query);
    expect(health.checks).toContainEqual({ name: "warmPool", message: `${places} of ${places} ready` });
    const owned: readonly { readonly id: string; readonly generation: number; readonly phase: string }[] =
      agents.nodes.map(({ computer }: { computer: object }) => computer);
    expect(owned.filter(({ phase }) => phase !== "RUNNING")).toEqual([]);
    expect(new Set(owned.map(({ id }) => id)).size).toBe(owned.length);
    const containers = namesIn("containers");
    for (const { id, generation } of owned) expect(containers).toContain(`raworc-${id}-g${generation}.json`);
    expect(containers).toHaveLength(owned.length + places);
    expect(namesIn("volumes")).toHaveLength(owned.length + places);
  });
}
