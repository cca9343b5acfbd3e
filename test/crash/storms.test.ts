import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { integer, sample } from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { newMark, untilNoProcess } from "./processes.ts";
import { endOf, expectTruthful, eventually, untilAgent } from "./watch.ts";
import { ask, askAndWait, createAgent, createWorld, plainGateway, type World } from "./world.ts";

/** Set it to the number in a failed test's name to meet the same moments again. */
const seed = Number(process.env["CRASH_SEED"] ?? Math.floor(Math.random() * 1e6));
const rounds = 3;
const moments = sample(integer({ min: 20, max: 900 }), { seed, numRuns: rounds });

type Work = (gateway: GatewayProcess, round: number) => Promise<void>;

describe(`kill -9 of the gateway at any moment (CRASH_SEED=${seed})`, () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld({ RAWORC_RUNTIME: "process" }, plainGateway);
  });
  afterEach(() => world.close());

  /**
   * Lets `work` go on in every round until the gateway dies in the middle of it; answers one that lives. What is done
   * `before` is done whole, however slow the machine is.
   */
  async function storm(work: Work, before: Work = async () => undefined): Promise<GatewayProcess> {
    for (const [round, moment] of moments.entries()) {
      const gateway = await world.start();
      await before(gateway, round);
      const working = untilDeath(() => work(gateway, round));
      await delay(moment);
      await gateway.kill();
      await working;
    }
    return world.start();
  }

  test("everything that was acknowledged is there, and every response ends truthfully", async () => {
    const mark = newMark();
    const acknowledged: { agent: string; response: string; isLong: boolean }[] = [];
    const addOne = async (gateway: GatewayProcess, round: number, count: number) => {
      const agent = `storm-${round}-${count}`;
      await createAgent(gateway, agent);
      const isLong = count % 2 === 1;
      const response = await ask(gateway, agent, isLong ? `setsid sleep ${mark}` : "echo done");
      acknowledged.push({ agent, response, isLong });
    };
    const after = await storm(
      async (gateway, round) => {
        for (let count = 1; ; count++) await addOne(gateway, round, count);
      },
      (gateway, round) => addOne(gateway, round, 0),
    );
    expect(acknowledged.length).toBeGreaterThanOrEqual(rounds);
    await Promise.all(
      acknowledged.map(async ({ agent, response, isLong }) => {
        if (isLong) await endIfRunning(after, response);
        expectTruthful(await endOf(after, response));
        await untilAgent(after, agent, "IDLE");
      }),
    );
    await untilNoProcess(mark);
    await untilSettled(after, world);
  });

  test("an agent sleeps or wakes as it was last told, and its files are there", async () => {
    const names = ["one", "two", "three"];
    const first = await world.start({ RAWORC_FREEZE_SECONDS: "0" });
    for (const name of names) await createAgent(first, name);
    for (const name of names) await askAndWait(first, name, `echo ${name} > name`);
    await first.kill();

    const told = new Map<string, readonly string[]>();
    const after = await storm(async (gateway) => {
      await Promise.all(names.map((name) => tell(gateway, name, told)));
    });
    for (const name of names) await untilAgent(after, name, ...(told.get(name) ?? ["IDLE"]));
    await untilSettled(after, world);
    for (const name of names) expect(await askAndWait(after, name, "cat name")).toBe(`${name}\n`);
  });

  test("a remix has the whole volume or is made anew; what was deleted is gone for good", async () => {
    const first = await world.start();
    await createAgent(first, "parent");
    await askAndWait(first, "parent", "for i in $(seq 100); do echo $i > file-$i; done");
    await first.kill();

    const made: string[] = [];
    const deleted: string[] = [];
    const after = await storm(async (gateway, round) => {
      for (let count = 0; ; count++) {
        const name = `child-${round}-${count}`;
        await gateway.ask(`mutation ($name: String!) { remixAgent(name: "parent", input: { name: $name }) { name } }`, {
          name,
        });
        made.push(name);
        if (count % 2 === 0) continue;
        made.pop();
        await gateway.ask(`mutation ($name: ID!) { deleteAgent(name: $name) { name } }`, { name });
        deleted.push(name);
      }
    });
    for (const name of made) await untilAgent(after, name, "IDLE");
    for (const name of made) expect(await askAndWait(after, name, "ls | wc -l; cat file-100")).toBe("100\n100\n");
    for (const name of deleted) expect(await stateOf(after, name)).toBeNull();
    await untilSettled(after, world);
  });
});

/** Works until the gateway is gone; what else goes wrong is thrown on. */
async function untilDeath(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isGone = error instanceof TypeError && /fetch failed|terminated/.test(error.message);
    if (!isGone) throw error;
  }
}

/** Tells an agent to sleep and to wake by turns; `told` holds the states that the last order permits. */
async function tell(gateway: GatewayProcess, name: string, told: Map<string, readonly string[]>): Promise<void> {
  for (;;) {
    told.set(name, ["IDLE", "SLEPT"]);
    await gateway.ask(`mutation ($name: ID!) { sleepAgent(name: $name) { state } }`, { name });
    told.set(name, ["SLEPT"]);
    await delay(Math.random() * 60);
    told.set(name, ["IDLE", "SLEPT"]);
    await gateway.ask(`mutation ($name: ID!) { wakeAgent(name: $name) { state } }`, { name });
    told.set(name, ["IDLE"]);
  }
}

/** A command that runs for long is cancelled, so that the test need not wait for its end. */
const endIfRunning = (gateway: GatewayProcess, id: string) =>
  gateway.ask(`mutation ($id: ID!) { cancelResponse(id: $id) { status } }`, { id }).catch(() => undefined);

const stateOf = async (gateway: GatewayProcess, name: string): Promise<string | null> =>
  (await gateway.ask(`{ agents(first: 1000) { nodes { name state } } }`)).agents.nodes.find(
    (agent: { name: string }) => agent.name === name,
  )?.state ?? null;

interface Row {
  readonly name: string;
  readonly state: string;
  readonly computer: {
    readonly id: string;
    readonly generation: number;
    readonly phase: string;
    readonly desired: string;
  };
}

/** Resolves when containers and volumes are those of the agents, one each, and every computer is as wanted. */
async function untilSettled(gateway: GatewayProcess, { dataDir }: World): Promise<void> {
  const query = `{ agents(first: 1000) { nodes { name state computer { id generation phase desired } } } }`;
  // A hidden file is a draft of a record whose writer was killed; it counts for nothing.
  const isShown = (name: string) => !name.startsWith(".");
  const namesIn = (folder: string) =>
    readdirSync(join(dataDir, "computers", folder))
      .filter(isShown)
      .toSorted();
  await eventually(async () => {
    const rows: readonly Row[] = (await gateway.ask(query)).agents.nodes;
    const unsettled = rows.filter(({ computer: { phase, desired } }) => phase !== desired && phase !== "STOPPED");
    expect(unsettled).toEqual([]);
    expect(namesIn("containers")).toEqual(
      rows.map(({ computer: { id, generation } }) => `raworc-${id}-g${generation}.json`).toSorted(),
    );
    expect(namesIn("volumes")).toEqual(rows.map(({ computer: { id } }) => `raworc-${id}`).toSorted());
  });
}
