import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { unavailable } from "../../src/errors.ts";
import { agentNamed, answerOf, createAgent } from "../support/agents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import type { MemoryControls } from "../../src/runtime/memory/controls.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";

let gateway: TestGateway<Runtime & MemoryControls>;
afterEach(() => gateway.stop());

async function startWith(places: number, env = {}) {
  gateway = await startTestGateway({ env: { RAWORC_WARM_POOL: String(places), ...env } });
  await gateway.settle();
}

const warm = (where = {}) =>
  gateway.gateway.store.computer.findMany({
    where: { warmSlot: { not: null }, ...where },
    orderBy: { warmSlot: "asc" },
  });
const rowOf = (id: string) => gateway.gateway.store.computer.findUnique({ where: { id } });
const computerOf = async (name: string) => (await agentNamed(gateway, name)).computer;
const containers = async () => (await gateway.runtime.list()).containers.map(({ name }) => name).toSorted();
const volumes = async () => (await gateway.runtime.list()).volumes.map(({ name }) => name).toSorted();
const starts = () => gateway.runtime.calls("ensureRunning");

describe("a pool of warm computers", () => {
  test("is empty unless it is asked for", async () => {
    await startWith(0);
    expect(await containers()).toEqual([]);
  });

  test("runs as many as it has places, each hardened as any other, without network", async () => {
    await startWith(3);
    const rows = await warm({ phase: "RUNNING" });
    expect(rows.map(({ warmSlot }) => warmSlot)).toEqual([0, 1, 2]);
    expect(await containers()).toEqual(rows.map(({ id }) => `raworc-${id}-g1`).toSorted());
    expect(await volumes()).toEqual(rows.map(({ id }) => `raworc-${id}`).toSorted());
    const [first] = rows;
    expect(gateway.runtime.specOf(`raworc-${first?.id}-g1`)).toMatchObject({
      image: gateway.config.agentImage,
      network: "NONE",
      limits: gateway.config.computerLimits,
      labels: { "raworc.computer": first?.id },
    });
  });

  test("says in health and metrics how full it is", async () => {
    await startWith(2);
    const { health } = await gateway.data("{ health { ok checks { name ok message } } }");
    expect(health).toMatchObject({
      ok: true,
      checks: [{}, {}, { name: "warmPool", ok: true, message: "2 of 2 ready" }],
    });
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/^raworc_warm_pool_ready 2$/m);
    expect(metrics).toMatch(/^raworc_warm_pool_places 2$/m);
  });

  test("gives a new agent one that runs, with no start of its own, and fills the place again", async () => {
    await startWith(1);
    const [ready] = await warm();
    const startsBefore = starts();
    const hold = gateway.runtime.hold("ensureVolume"); // nothing else can be made meanwhile
    onTestFinished(hold);
    await gateway.data(`mutation { createAgent(input: { name: "quick", engine: SHELL }) { name } }`);
    await hold.reached;
    expect(await agentNamed(gateway, "quick")).toMatchObject({
      state: "IDLE",
      computer: { id: ready?.id, generation: 1 },
    });
    expect(starts()).toBe(startsBefore);
    hold();
    await gateway.settle();
    expect(starts()).toBe(startsBefore + 1);
    expect(await rowOf(ready?.id ?? "")).toMatchObject({ space: "default", image: null, warmSlot: null });
    expect(await warm({ phase: "RUNNING" })).toHaveLength(1);
    expect(await answerOf(gateway, "quick", "echo hello")).toMatchObject({ output: { text: "hello\n" } });
  });

  test("gives a new session one as well", async () => {
    await startWith(1);
    const [ready] = await warm();
    const { createSession } = await gateway.data(`mutation { createSession(input: {}) { id computer { id } } }`);
    await gateway.settle();
    expect(createSession.computer.id).toBe(ready?.id);
    const { session } = await gateway.data(`{ session(id: "${createSession.id}") { state } }`);
    expect(session.state).toBe("IDLE");
  });

  test("counts the running time of an agent from when it got its computer", async () => {
    await startWith(1);
    await gateway.clock.advance(600);
    await createAgent(gateway, "fresh", { idleTimeoutSeconds: 86_400 });
    await gateway.clock.advance(5);
    const { agent } = await gateway.data(`{ agent(name: "fresh") { runtime { totalSeconds currentSeconds } } }`);
    expect(agent.runtime).toEqual({ totalSeconds: 5, currentSeconds: 5 });
  });

  test("sets an agent up in the computer it gets", async () => {
    await startWith(1);
    const [ready] = await warm();
    await createAgent(gateway, "prepared", { setup: "echo ready > file", instructions: "Be brief." });
    expect(await agentNamed(gateway, "prepared")).toMatchObject({
      state: "IDLE",
      setupStatus: "DONE",
      computer: { id: ready?.id },
    });
    expect(await answerOf(gateway, "prepared", "cat file code/instructions.md")).toMatchObject({
      output: { text: "ready\nBe brief." },
    });
  });

  test("is for nobody who wants another image, network or limits, or a copy", async () => {
    await startWith(1);
    const [ready] = await warm();
    await gateway.data(`mutation { createSpace(input: { name: "small", settings: { memoryMb: 64 } }) { name } }`);
    await createAgent(gateway, "other-image", { image: "alpine:3" });
    await createAgent(gateway, "other-network", { network: "EGRESS" });
    await createAgent(gateway, "other-limits", { space: "small" });
    await gateway.data(`mutation { remixAgent(name: "other-network", input: { name: "copy" }) { name } }`);
    await gateway.settle();
    for (const name of ["other-image", "other-network", "other-limits", "copy"]) {
      expect((await computerOf(name)).id).not.toBe(ready?.id);
    }
    await createAgent(gateway, "usual", { image: gateway.config.agentImage, network: "NONE" });
    expect((await computerOf("usual")).id).toBe(ready?.id);
  });

  test("gives twenty who come at once a computer each, and never one to two", async () => {
    await startWith(3);
    const ready = (await warm({ phase: "RUNNING" })).map(({ id }) => id);
    expect(ready).toHaveLength(3);
    const names = Array.from({ length: 20 }, (_, index) => `crowd-${index}`);
    await Promise.all(
      names.map((name) => gateway.data(`mutation { createAgent(input: { name: "${name}", engine: SHELL }) { name } }`)),
    );
    await gateway.settle();
    const agents = await gateway.gateway.store.agent.findMany({ include: { computer: true } });
    expect(agents.map(({ state, computer }) => [state, computer.phase])).toEqual(names.map(() => ["IDLE", "RUNNING"]));
    const ids = agents.map(({ computerId }) => computerId);
    expect(new Set(ids).size).toBe(20);
    expect(ids).toEqual(expect.arrayContaining(ready));
    const rows = await warm({ phase: "RUNNING" });
    expect(rows).toHaveLength(3);
    expect(await containers()).toEqual([...ids, ...rows.map(({ id }) => id)].map((id) => `raworc-${id}-g1`).toSorted());
  });

  test("keeps its computer when the agent cannot be made after all", async () => {
    await startWith(1);
    await createAgent(gateway, "taken");
    const [ready] = await warm();
    const { errors } = await gateway.graphql(`mutation { createAgent(input: { name: "taken" }) { name } }`);
    expect(errors?.[0]?.extensions.code).toBe("CONFLICT");
    expect(await warm()).toEqual([ready]);
  });

  test("lets those who wait for a computer go first", async () => {
    await startWith(1, { RAWORC_MAX_STARTS: "1" });
    const hold = gateway.runtime.hold("ensureVolume");
    onTestFinished(hold);
    for (const name of ["first", "second", "third"]) {
      await gateway.data(`mutation { createAgent(input: { name: "${name}", image: "alpine:3" }) { name } }`);
    }
    await gateway.data(`mutation { createAgent(input: { name: "lucky" }) { name } }`);
    await hold.reached;
    expect(await warm()).toEqual([]);
    hold();
    await gateway.settle();
    await gateway.clock.advance(1);
    expect(await warm({ phase: "RUNNING" })).toHaveLength(1);
  });
});

describe("a computer of the pool that fails", () => {
  test("is nobody's: it is removed, and another takes its place after a while", async () => {
    await startWith(1);
    const [dead] = await warm();
    gateway.runtime.die(`raworc-${dead?.id}-g1`);
    await gateway.clock.advance(0);
    await createAgent(gateway, "cold");
    expect((await computerOf("cold")).id).not.toBe(dead?.id);
    await gateway.clock.advance(2);
    await createAgent(gateway, "cold-too");
    expect((await computerOf("cold-too")).id).not.toBe(dead?.id);
    await gateway.clock.advance(10);
    await gateway.settle();
    const [next] = await warm({ phase: "RUNNING", failures: 0 });
    expect(next).toBeDefined();
    expect(next?.id).not.toBe(dead?.id);
    expect(await rowOf(dead?.id ?? "")).toBeNull();
    expect(await volumes()).not.toContain(`raworc-${dead?.id}`);
  });

  test("is not tried without end", async () => {
    await startWith(0);
    const error = unavailable("no room");
    for (let failure = 0; failure < 100; failure++) gateway.runtime.failNext("ensureContainer", error);
    gateway = await gateway.restart({ env: { RAWORC_WARM_POOL: "1" } });
    await gateway.settle();
    const before = gateway.runtime.calls("ensureContainer");
    expect(before).toBe(1);
    for (let second = 0; second < 60; second++) await gateway.clock.advance(1);
    expect(gateway.runtime.calls("ensureContainer") - before).toBeLessThan(40);
  });

  test("after it was claimed is started again as any other, and keeps what is in it", async () => {
    await startWith(1);
    const [ready] = await warm();
    gateway.runtime.away(true);
    gateway.runtime.die(`raworc-${ready?.id}-g1`);
    await gateway.data(`mutation { createAgent(input: { name: "unlucky", engine: SHELL }) { name } }`);
    gateway.runtime.away(false);
    for (let look = 0; look < 3; look++) await gateway.clock.advance(1);
    expect(await agentNamed(gateway, "unlucky")).toMatchObject({
      state: "IDLE",
      computer: { id: ready?.id, phase: "RUNNING" },
    });
    expect(await answerOf(gateway, "unlucky", "echo up")).toMatchObject({ output: { text: "up\n" } });
  });
});

describe("a pool and a gateway that starts again", () => {
  test("find each other: what runs is kept", async () => {
    await startWith(2);
    const before = await warm();
    const runs = async () => Promise.all((await containers()).map((name) => gateway.runtime.inspect(name)));
    const runsBefore = await runs();
    gateway = await gateway.restart();
    await gateway.settle();
    expect(await warm()).toEqual(before);
    expect(await runs()).toEqual(runsBefore);
    await createAgent(gateway, "adopted");
    expect((await computerOf("adopted")).id).toBe(before[0]?.id);
  });

  test("with fewer places: what is too much is removed with its volume", async () => {
    await startWith(3);
    const [first] = await warm();
    gateway = await gateway.restart({ env: { RAWORC_WARM_POOL: "1" } });
    await gateway.settle();
    expect(await containers()).toEqual([`raworc-${first?.id}-g1`]);
    expect(await volumes()).toEqual([`raworc-${first?.id}`]);
    gateway = await gateway.restart({ env: { RAWORC_WARM_POOL: "0" } });
    await gateway.settle();
    expect(await containers()).toEqual([]);
    expect(await gateway.gateway.store.computer.count()).toBe(0);
  });

  test("with another image or other limits: none of the old ones is given to anybody", async () => {
    await startWith(1);
    const [old] = await warm();
    gateway = await gateway.restart({ env: { RAWORC_AGENT_IMAGE: "other:2" } });
    await createAgent(gateway, "new-image");
    gateway = await gateway.restart({ env: { RAWORC_COMPUTER_PIDS: "99" } });
    await createAgent(gateway, "new-limits");
    const agents = await gateway.gateway.store.agent.findMany();
    expect(agents.map(({ computerId }) => computerId)).not.toContain(old?.id);
    expect(await rowOf(old?.id ?? "")).toBeNull();
    const [present] = await warm({ phase: "RUNNING" });
    expect(gateway.runtime.specOf(`raworc-${present?.id}-g1`).limits.pids).toBe(99);
  });

  test("with the same name for another image: none of the old ones stays", async () => {
    await startWith(1);
    const [old] = await warm();
    const list = gateway.runtime.list.bind(gateway.runtime);
    const renamed = async () => {
      const found = await list();
      const imageOf = (name: string) => (name === `raworc-${old?.id}-g1` ? "sha256:1234" : gateway.config.agentImage);
      const seen = found.containers.map(({ name, labels, status }) => ({ name, labels, status, image: imageOf(name) }));
      return { volumes: found.volumes, containers: seen };
    };
    gateway = await gateway.restart({ runtime: Object.assign(gateway.runtime, { list: renamed }) });
    await gateway.settle();
    expect(await rowOf(old?.id ?? "")).toBeNull();
    expect(await warm({ phase: "RUNNING" })).toHaveLength(1);
  });

  test("with another runtime: none of the old ones is given to anybody", async () => {
    await startWith(1);
    const { runtime } = gateway;
    const [old] = await warm();
    Object.assign(runtime, { kind: "process" });
    gateway = await gateway.restart();
    await createAgent(gateway, "here");
    await gateway.settle();
    expect((await computerOf("here")).id).not.toBe(old?.id);
    Object.assign(runtime, { kind: "memory" });
    gateway = await gateway.restart();
    await gateway.settle();
    expect(await rowOf(old?.id ?? "")).toBeNull();
  });

  test("while the engine is away: the pool waits, and fills when it is back", async () => {
    await startWith(1);
    gateway.runtime.away(true);
    await createAgent(gateway, "claimed");
    expect(await agentNamed(gateway, "claimed")).toMatchObject({ state: "IDLE" });
    await gateway.clock.advance(60);
    gateway.runtime.away(false);
    await gateway.clock.advance(1);
    await gateway.clock.advance(1);
    expect(await warm({ phase: "RUNNING", failures: 0 })).toHaveLength(1);
    expect(await answerOf(gateway, "claimed", "echo here")).toMatchObject({ output: { text: "here\n" } });
    await gateway.data(`mutation { deleteAgent(name: "claimed") { name } }`);
    await gateway.settle();
    expect(await volumes()).toHaveLength(1);
  });
});
