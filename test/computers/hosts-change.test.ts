import { describe, expect, onTestFinished, test } from "vitest";
import { createMemoryRuntime } from "../../src/runtime/memory/memory-runtime.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { answerOf, createAgent, order } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { computerOf, makeHosts, startOnHosts } from "./hosts-world.ts";

/** Names of the volumes in a runtime. */
const volumesIn = async (runtime: Pick<Runtime, "list">) => (await runtime.list()).volumes.map(({ name }) => name);

/** Collects the lines of a log. */
function makeLog() {
  const lines: { readonly msg: string; readonly host?: string; readonly computers?: number }[] = [];
  return { lines, logTo: { write: (line: string) => void lines.push(JSON.parse(line)) } };
}

describe("a database that was used with one engine", () => {
  /** A gateway with one engine, an agent that runs and one that is stopped, both with a file. */
  async function startOnOne() {
    const single = createMemoryRuntime();
    const gateway = await startTestGateway({ runtime: single });
    for (const name of ["up", "stopped"]) {
      await createAgent(gateway, name);
      await answerOf(gateway, name, `echo ${name} > file`);
    }
    await order(gateway, "sleepAgent", "stopped");
    await gateway.settle();
    await gateway.clock.advance(3600);
    expect(await computerOf(gateway, "up")).toMatchObject({ host: null });
    return { single, gateway };
  }

  test("goes on with several: each computer belongs to the host that has its volume", async () => {
    const { single, gateway } = await startOnOne();
    const { hosts, on } = makeHosts("fresh");
    const again = await gateway.restart({ hosts: [...hosts, { name: "old", runtime: single }] });
    onTestFinished(() => again.stop());
    for (const name of ["up", "stopped"]) {
      expect(await computerOf(again, name)).toMatchObject({ host: "old", generation: 1 });
      expect((await answerOf(again, name, "cat file")).output.text).toBe(`${name}\n`);
    }
    await createAgent(again, "newcomer");
    expect(await computerOf(again, "newcomer")).toMatchObject({ host: "fresh" });
    expect(await volumesIn(on("fresh"))).toHaveLength(1);
  });

  test("waits for the host that has a volume, and makes no empty one meanwhile", async () => {
    const { single, gateway } = await startOnOne();
    const { hosts, on } = makeHosts("fresh");
    single.away(true);
    const again = await gateway.restart({ hosts: [...hosts, { name: "old", runtime: single }] });
    onTestFinished(() => again.stop());
    await order(again, "wakeAgent", "stopped");
    for (let tries = 0; tries < 8; tries++) await again.clock.advance(120);
    for (const name of ["up", "stopped"])
      expect(await computerOf(again, name)).toMatchObject({ host: null, lastError: null });
    expect(await volumesIn(on("fresh"))).toEqual([]);
    single.away(false);
    await again.clock.advance(1);
    for (const name of ["up", "stopped"]) {
      expect((await answerOf(again, name, "cat file")).output.text).toBe(`${name}\n`);
    }
  });

  test("whose engine is not among the hosts loses nothing, also not by an order to delete", async () => {
    const { single, gateway } = await startOnOne();
    const { hosts, on } = makeHosts("fresh");
    const again = await gateway.restart({ hosts });
    onTestFinished(() => again.stop());
    await order(again, "wakeAgent", "stopped");
    await again.data(`mutation { deleteAgent(name: "up") { name } }`);
    for (let tries = 0; tries < 8; tries++) await again.clock.advance(120);
    expect(await volumesIn(on("fresh"))).toEqual([]);
    expect(await volumesIn(single)).toHaveLength(2);
    expect(await again.gateway.store.computer.count()).toBe(2);
  });

  test("makes on any of them what never had files, though it was tried", async () => {
    const single = createMemoryRuntime();
    const gateway = await startTestGateway({ runtime: single });
    for (let tries = 0; tries < 5; tries++) single.failNext("ensureImage", new Error("there is no such image"));
    await createAgent(gateway, "late");
    await order(gateway, "sleepAgent", "late");
    for (let tries = 0; tries < 4; tries++) await gateway.clock.advance(3600);
    const again = await gateway.restart({ hosts: makeHosts("fresh").hosts });
    onTestFinished(() => again.stop());
    await order(again, "wakeAgent", "late");
    expect((await answerOf(again, "late", "echo here")).output.text).toBe("here\n");
    expect(await computerOf(again, "late")).toMatchObject({ host: "fresh" });
  });

  test("does not guess which of two volumes of one name is the right one", async () => {
    const { single, gateway } = await startOnOne();
    const { hosts, on } = makeHosts("fresh");
    const { id } = await computerOf(gateway, "up");
    await on("fresh").ensureVolume(`raworc-${id}`, {});
    const again = await gateway.restart({ hosts: [...hosts, { name: "old", runtime: single }] });
    onTestFinished(() => again.stop());
    expect(await computerOf(again, "up")).toMatchObject({ host: null });
    expect(await computerOf(again, "stopped")).toMatchObject({ host: "old" });
  });
});

describe("a host that is no longer named", () => {
  test("is told of at the start; its computers are unavailable, and none of their files is removed", async () => {
    const { gateway, hosts, on } = await startOnHosts(["north", "south"]);
    for (const name of ["northern", "southern"]) {
      await createAgent(gateway, name);
      await answerOf(gateway, name, `echo ${name} > file`);
    }
    const { lines, logTo } = makeLog();
    const env = { LOG_LEVEL: "error" };
    const without = await gateway.restart({ hosts: hosts.slice(0, 1), logTo, env });
    expect(lines).toContainEqual(
      expect.objectContaining({ host: "south", computers: 1, msg: expect.stringContaining("RAWORC_DOCKER_HOSTS") }),
    );
    const file = `query ($name: ID!) { agent(name: $name) { file(path: "file") { content } } }`;
    expect((await without.graphql(file, { name: "southern" })).errors?.[0]).toMatchObject({
      message: expect.stringContaining('"south"'),
      extensions: { code: "UNAVAILABLE" },
    });
    await without.data(`mutation { deleteAgent(name: "southern") { name } }`);
    for (let tries = 0; tries < 8; tries++) await without.clock.advance(120);
    expect(await volumesIn(on("south"))).toHaveLength(1);
    expect((await answerOf(without, "northern", "cat file")).output.text).toBe("northern\n");
    const again = await without.restart({ hosts });
    onTestFinished(() => again.stop());
    await expect.poll(() => volumesIn(on("south"))).toEqual([]);
  });

  test("is no part of a gateway with one engine either", async () => {
    const { gateway } = await startOnHosts(["north"]);
    await createAgent(gateway, "northern");
    const { lines, logTo } = makeLog();
    const single = createMemoryRuntime();
    const alone = await gateway.restart({ runtime: single, hosts: undefined, logTo, env: { LOG_LEVEL: "error" } });
    onTestFinished(() => alone.stop());
    expect(lines).toContainEqual(expect.objectContaining({ host: "north", computers: 1 }));
    for (let tries = 0; tries < 8; tries++) await alone.clock.advance(120);
    expect(await volumesIn(single)).toEqual([]);
    expect(await computerOf(alone, "northern")).toMatchObject({ host: "north", lastError: null });
  });
});

test("a container on another host than its computer's files is removed, the right one is not", async () => {
  const { gateway, on } = await startOnHosts(["north", "south"]);
  await createAgent(gateway, "only");
  const { id, host } = await computerOf(gateway, "only");
  const stray = on(host === "north" ? "south" : "north");
  const volume = "stray";
  await stray.ensureVolume(volume, {});
  const limits = { memoryBytes: 1, cpus: 1, pids: 1 };
  const labels = { "raworc.computer": id };
  await stray.ensureContainer({ name: `raworc-${id}-g1`, image: "none", volume, network: "NONE", limits, labels });
  await gateway.clock.advance(0);
  await gateway.clock.advance(6);
  expect((await stray.list()).containers).toEqual([]);
  expect((await on(host).list()).containers).toHaveLength(1);
});
