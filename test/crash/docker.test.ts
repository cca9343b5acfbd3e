import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import Database from "better-sqlite3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { docker } from "../support/needs.ts";
import { containersOf, dockerEnvironment, engine, removeAllOf } from "./containers.ts";
import { newMark, untilNoProcess, untilProcess } from "./processes.ts";
import { endOf, expectTruthful, eventually, untilAgent } from "./watch.ts";
import { ask, askAndWait, createAgent, createWorld, type World } from "./world.ts";

describe.skipIf(docker.found === null)("kill -9 of the gateway, with containers of Docker", () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld(dockerEnvironment);
  });
  afterEach(() => removeAll(world));

  test("a command that ran ends as INTERRUPTED, and nothing of it is left", async () => {
    const mark = newMark();
    const before = await world.start();
    await createAgent(before, "worker");
    await askAndWait(before, "worker", "echo kept > note");
    const id = await ask(before, "worker", `setsid sleep ${mark} & sleep ${mark}`);
    await untilProcess(mark);
    await before.kill();

    const after = await world.start();
    const steps = await endOf(after, id);
    expectTruthful(steps);
    expect(steps.at(-1)).toMatchObject({ status: "FAILED", response: { failure: { reason: "INTERRUPTED" } } });
    await untilNoProcess(mark);
    expect(await askAndWait(after, "worker", "cat note")).toBe("kept\n");
  });

  test("among many orders no container is left that no agent owns", async () => {
    for (const moment of [300, 900]) {
      const gateway = await world.start();
      const working = orderWildly(gateway, moment);
      await delay(moment);
      await gateway.kill();
      await working;
    }
    const after = await world.start();
    const owned = await ownedOnceSettled(after, world);
    expect(owned).toEqual(expect.arrayContaining([...(await containersOf(deploymentOf(world)))]));
  });
});

describe.skipIf(docker.found === null)("containers of Docker that die, while the gateway lives", () => {
  let world: World;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    world = await createWorld({ ...dockerEnvironment, RAWORC_COMPUTER_MEMORY_MB: "64" });
    gateway = await world.start();
  });
  afterAll(() => removeAll(world));

  test.each([
    ["kill", (name: string) => engine.getContainer(name).kill()],
    ["rm -f", (name: string) => engine.getContainer(name).remove({ force: true })],
  ])("a container that docker %s ends in the middle is COMPUTER_LOST, and comes back", async (how, end) => {
    const name = how.replace(/\W/g, "");
    await createAgent(gateway, name);
    await askAndWait(gateway, name, "echo kept > note");
    const mark = newMark();
    const id = await ask(gateway, name, `echo begun; sleep ${mark}`);
    await untilProcess(mark);
    await end(await containerOf(gateway, name));

    const steps = await endOf(gateway, id);
    expectTruthful(steps);
    expect(steps.at(-1)).toMatchObject({ status: "FAILED", response: { failure: { reason: "COMPUTER_LOST" } } });
    expect(outputs(steps)).toEqual([expect.stringMatching(/^\[exit_code:none\]\nbegun\n\[.*lost/)]);
    expect(await askAndWait(gateway, name, "cat note")).toBe("kept\n");
  });

  test("a command that is asked for right after the container's death waits until it is back", async () => {
    await createAgent(gateway, "late");
    await askAndWait(gateway, "late", "true");
    await engine.getContainer(await containerOf(gateway, "late")).kill();
    expect(await askAndWait(gateway, "late", "echo back")).toBe("back\n");
  });

  test("a command that takes too much memory is OUT_OF_MEMORY", async () => {
    await createAgent(gateway, "eater");
    const id = await ask(gateway, "eater", `node -e 'for (const a = []; ; ) a.push(Buffer.alloc(1e7, 1))'`);
    const steps = await endOf(gateway, id);
    expectTruthful(steps);
    expect(steps.at(-1)).toMatchObject({ status: "FAILED", response: { failure: { reason: "OUT_OF_MEMORY" } } });
    await untilAgent(gateway, "eater", "IDLE");
  });

  test("a computer that dies five times is given up: its agent sleeps with the reason, and can be woken", async () => {
    await createAgent(gateway, "unlucky");
    for (let death = 1; death <= 5; death++) {
      const container = await containerOf(gateway, "unlucky");
      await engine.getContainer(container).kill();
      await eventually(async () => expect(await phaseOf(gateway, "unlucky")).not.toBe("RUNNING"));
    }
    await untilAgent(gateway, "unlucky", "SLEPT");
    const { agent } = await gateway.ask(`{ agent(name: "unlucky") { lastError computer { phase } } }`);
    expect(agent).toEqual({ lastError: "its container ended with exit code 137", computer: { phase: "FAILED" } });
    await gateway.ask(`mutation { wakeAgent(name: "unlucky") { state } }`);
    expect(await askAndWait(gateway, "unlucky", "echo back")).toBe("back\n");
  });
});

const outputs = (steps: Awaited<ReturnType<typeof endOf>>) => steps.flatMap(({ item }) => item?.raw.output ?? []);

/** Creates, asks, puts to sleep, wakes and deletes until the gateway is gone. */
async function orderWildly(gateway: GatewayProcess, round: number): Promise<void> {
  const each = async (name: string) => {
    await createAgent(gateway, name);
    await ask(gateway, name, "echo done");
    await delay(Math.random() * 200);
    for (const order of ["sleepAgent", "wakeAgent", "deleteAgent"]) {
      await gateway.ask(`mutation ($name: ID!) { ${order}(name: $name) { name } }`, { name });
      await delay(Math.random() * 200);
    }
  };
  await Promise.allSettled([0, 1, 2, 3].map((number) => each(`wild-${round}-${number}`)));
}

const computers = `{ agents(first: 1000) { nodes { name state computer { id generation phase desired } } } }`;

interface ComputerRow {
  readonly id: string;
  readonly generation: number;
  readonly phase: string;
  readonly desired: string;
}

async function computerOf(gateway: GatewayProcess, name: string): Promise<ComputerRow> {
  const { agent } = await gateway.ask(
    `query ($name: ID!) { agent(name: $name) { computer { id generation phase desired } } }`,
    {
      name,
    },
  );
  return agent.computer;
}

const phaseOf = async (gateway: GatewayProcess, name: string): Promise<string> =>
  (await computerOf(gateway, name)).phase;

/** The name of an agent's container, once it runs. */
async function containerOf(gateway: GatewayProcess, name: string): Promise<string> {
  const { id, generation } = await eventually(async () => {
    const computer = await computerOf(gateway, name);
    expect(computer.phase).toBe("RUNNING");
    return computer;
  });
  return `raworc-${id}-g${generation}`;
}

/** What was put to sleep before its first start was over has nothing to freeze. */
const isAsWanted = ({ phase, desired }: ComputerRow): boolean =>
  phase === desired || (desired === "PAUSED" && (phase === "STOPPED" || phase === "ABSENT"));

/**
 * Resolves when computers are as wanted: all that are up have their container, and no container is nobody's.
 * Answers the names that agents' containers have.
 */
async function ownedOnceSettled(gateway: GatewayProcess, world: World): Promise<readonly string[]> {
  return eventually(async () => {
    const rows: readonly { readonly computer: ComputerRow }[] = (await gateway.ask(computers)).agents.nodes;
    expect(rows.filter(({ computer }) => !isAsWanted(computer))).toEqual([]);
    const nameOf = ({ computer: { id, generation } }: (typeof rows)[number]) => `raworc-${id}-g${generation}`;
    const up = rows.filter(({ computer: { phase } }) => phase === "RUNNING" || phase === "PAUSED");
    const containers = await containersOf(deploymentOf(world));
    expect(containers).toEqual(expect.arrayContaining(up.map(nameOf)));
    expect(rows.map(nameOf)).toEqual(expect.arrayContaining([...containers]));
    return rows.map(nameOf);
  });
}

function deploymentOf({ dataDir }: World): string {
  const database = new Database(join(dataDir, "gateway.db"), { readonly: true });
  const deployment = database.prepare(`SELECT value FROM Setting WHERE key = 'deployment'`).pluck().get();
  database.close();
  return String(deployment);
}

/** Ends a world's gateway, with what its deployment left in the engine. */
async function removeAll(world: World): Promise<void> {
  const deployment = deploymentOf(world);
  await world.close();
  await removeAllOf(deployment);
}
