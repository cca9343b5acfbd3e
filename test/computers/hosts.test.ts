import { describe, expect, onTestFinished, test } from "vitest";
import { agentNamed, answerOf, ask, createAgent, endOf, order } from "../support/agents.ts";
import { computerOf, countByHost, look, startOnHosts } from "./hosts-world.ts";

const remix = `mutation ($name: ID!, $input: RemixAgentInput!) { remixAgent(name: $name, input: $input) { name } }`;

describe("a new computer", () => {
  test("goes to the host with the fewest, is known to be there, and is used there", async () => {
    const { gateway, on } = await startOnHosts(["north", "south", "west"]);
    for (let made = 0; made < 6; made++) await createAgent(gateway, `agent-${made}`);
    expect(await countByHost(gateway)).toEqual({ north: 2, south: 2, west: 2 });
    const { host, id } = await computerOf(gateway, "agent-3");
    expect((await on(host).list()).containers.map(({ name }) => name)).toContain(`raworc-${id}-g1`);
    expect((await answerOf(gateway, "agent-3", "echo here")).output.text).toBe("here\n");
  });

  test("is counted with those that are made at the same time", async () => {
    const { gateway } = await startOnHosts(["north", "south"], { RAWORC_MAX_STARTS: "8" });
    const create = (name: string) =>
      gateway.data(`mutation ($name: String!) { createAgent(input: { name: $name }) { name } }`, { name });
    await Promise.all(Array.from({ length: 12 }, (_, at) => create(`agent-${at}`)));
    await gateway.settle();
    expect(await countByHost(gateway)).toEqual({ north: 6, south: 6 });
  });

  test("is made where its host is also after a restart, and by another process on the same database", async () => {
    const { gateway, hosts } = await startOnHosts(["north", "south"]);
    for (const name of ["one", "two", "three"]) await createAgent(gateway, name);
    await answerOf(gateway, "two", "echo kept > file");
    const before = await computerOf(gateway, "two");
    const again = await gateway.restart({ hosts });
    onTestFinished(() => again.stop());
    expect((await answerOf(again, "two", "cat file")).output.text).toBe("kept\n");
    expect(await computerOf(again, "two")).toMatchObject({ host: before.host, generation: before.generation });
  });

  test("is not made on a host that is away, and is made on it when it is the only one and back", async () => {
    const { gateway, on } = await startOnHosts(["north", "south"]);
    on("north").away(true);
    for (const name of ["one", "two"]) await createAgent(gateway, name);
    expect(await countByHost(gateway)).toEqual({ south: 2 });
    on("south").away(true);
    await createAgent(gateway, "three");
    expect(await computerOf(gateway, "three")).toMatchObject({ host: null, phase: "ABSENT" });
    on("north").away(false);
    await gateway.clock.advance(0);
    await expect.poll(() => computerOf(gateway, "three")).toMatchObject({ host: "north", phase: "RUNNING" });
  });

  test("of the warm pool is spread as others are, and nobody gets one on a host that is away", async () => {
    const { gateway, on } = await startOnHosts(["north", "south"], { RAWORC_WARM_POOL: "4" });
    await expect.poll(() => countByHost(gateway)).toEqual({ north: 2, south: 2 });
    await gateway.settle();
    on("south").away(true);
    await look(gateway);
    await gateway.settle();
    for (const name of ["one", "two", "three"]) {
      await createAgent(gateway, name);
      expect((await computerOf(gateway, name)).host).toBe("north");
    }
  });
});

describe("a copy", () => {
  test("has the files of its source, also when it is on another host", async () => {
    const { gateway } = await startOnHosts(["north", "south"]);
    await createAgent(gateway, "source");
    await answerOf(gateway, "source", "mkdir code; echo kept > code/file; echo note > note");
    for (const input of [{ name: "copy" }, { name: "second", content: false }]) {
      await gateway.data(remix, { name: "source", input });
      await gateway.settle();
    }
    const places = await Promise.all(["copy", "second"].map((name) => computerOf(gateway, name)));
    expect(new Set(places.map(({ host }) => host)).size).toBe(2);
    for (const name of ["copy", "second"]) {
      expect((await answerOf(gateway, name, "cat code/file")).output.text).toBe("kept\n");
    }
    expect((await answerOf(gateway, "copy", "cat note")).output.text).toBe("note\n");
    expect((await answerOf(gateway, "second", "ls")).output.text).toBe("code\n");
  });

  test("waits for the host of its source, and fails for nothing meanwhile", async () => {
    const { gateway, on } = await startOnHosts(["north", "south"]);
    await createAgent(gateway, "source");
    await answerOf(gateway, "source", "echo kept > file");
    on("north").away(true);
    await look(gateway);
    await gateway.data(remix, { name: "source", input: { name: "copy" } });
    for (let tries = 0; tries < 8; tries++) await gateway.clock.advance(120);
    expect(await computerOf(gateway, "copy")).toMatchObject({ host: "south", lastError: null });
    on("north").away(false);
    await gateway.clock.advance(1);
    expect((await answerOf(gateway, "copy", "cat file")).output.text).toBe("kept\n");
  });
});

describe("a copy whose source is lost meanwhile", () => {
  test("is begun anew when it is back, and given up for nothing", async () => {
    const { gateway, on } = await startOnHosts(["north", "south"]);
    for (const name of ["source", "other"]) await createAgent(gateway, name);
    await answerOf(gateway, "source", "echo kept > file");
    await createAgent(gateway, "third");
    expect(await computerOf(gateway, "third")).toMatchObject({ host: "north" });
    let reading = on("north").hold("cargo.readVolume");
    await gateway.data(remix, { name: "source", input: { name: "copy" } });
    for (let loss = 0; loss < 7; loss++) {
      await reading.reached;
      on("north").away(true);
      const next = on("north").hold("cargo.readVolume");
      reading();
      await look(gateway);
      on("north").away(false);
      reading = next;
    }
    reading();
    await gateway.clock.advance(600);
    expect((await answerOf(gateway, "copy", "cat file")).output.text).toBe("kept\n");
    expect(await computerOf(gateway, "copy")).toMatchObject({ host: "south", lastError: null });
  });
});

describe("a host that is lost", () => {
  test("takes only its own computers along: they are unavailable by its name, and come back as they were", async () => {
    const { gateway, on } = await startOnHosts(["north", "south"]);
    const patient = { idleTimeoutSeconds: 86_400, busyTimeoutSeconds: 86_400 };
    for (const name of ["northern", "southern"]) await createAgent(gateway, name, patient);
    for (const name of ["northern", "southern"]) await answerOf(gateway, name, `echo ${name} > file`);
    const before = await computerOf(gateway, "southern");
    expect(before.host).toBe("south");
    on("south").away(true);
    await look(gateway);

    const file = `query ($name: ID!) { agent(name: $name) { file(path: "file") { content } } }`;
    const { errors } = await gateway.graphql(file, { name: "southern" });
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('"south"'),
      extensions: { code: "UNAVAILABLE" },
    });
    const waiting = await ask(gateway, "southern", "cat file");
    for (let minutes = 0; minutes < 30; minutes++) {
      await gateway.clock.advance(60);
      expect((await answerOf(gateway, "northern", "cat file")).output.text).toBe("northern\n");
    }
    expect(await computerOf(gateway, "southern")).toMatchObject({ ...before, phase: "RUNNING", lastError: null });

    on("south").away(false);
    expect((await endOf(gateway, waiting.id)).output.text).toBe("southern\n");
    expect(await computerOf(gateway, "southern")).toEqual(before);
  });

  test("is given no orders that count as failures, and does them when it is back", async () => {
    const { gateway, on } = await startOnHosts(["north", "south"]);
    for (const name of ["other", "asleep", "another", "doomed"]) await createAgent(gateway, name);
    await answerOf(gateway, "asleep", "echo kept > file");
    await order(gateway, "sleepAgent", "asleep");
    await gateway.settle();
    on("south").away(true);
    await look(gateway);
    await order(gateway, "wakeAgent", "asleep");
    const { id } = await computerOf(gateway, "doomed");
    await gateway.data(`mutation { deleteAgent(name: "doomed") { name } }`);
    for (let tries = 0; tries < 8; tries++) await gateway.clock.advance(120);
    expect(await agentNamed(gateway, "asleep")).toMatchObject({ computer: { phase: "PAUSED", lastError: null } });
    expect((await on("north").list()).volumes.map(({ name }) => name)).not.toContain(`raworc-${id}`);

    on("south").away(false);
    await gateway.clock.advance(1);
    expect((await answerOf(gateway, "asleep", "cat file")).output.text).toBe("kept\n");
    await expect
      .poll(async () => (await on("south").list()).volumes.map(({ name }) => name))
      .not.toContain(`raworc-${id}`);
  });

  test("whose containers died meanwhile starts them again, with their files", async () => {
    const { gateway, on } = await startOnHosts(["north"]);
    await createAgent(gateway, "mortal");
    await answerOf(gateway, "mortal", "echo kept > file");
    on("north").away(true);
    await look(gateway);
    on("north").die(`raworc-${(await computerOf(gateway, "mortal")).id}-g1`);
    on("north").away(false);
    await gateway.clock.advance(0);
    await gateway.clock.advance(1);
    expect((await answerOf(gateway, "mortal", "cat file")).output.text).toBe("kept\n");
  });

  test("is told of by health, which is well as long as one answers", async () => {
    const { gateway, on } = await startOnHosts(["north", "south"]);
    const health = async () => (await gateway.data(`{ health { ok checks { name message } } }`)).health;
    const message = async () =>
      (await health()).checks.find(({ name }: { name: string }) => /runtime/i.test(name)).message;
    expect(await message()).toBe("memory simulated: Computers are simulated and end with the gateway.");
    on("south").away(true);
    expect(await message()).toMatch(/1 of 2 hosts do not answer/);
    expect((await health()).ok).toBe(true);
    on("north").away(true);
    expect((await health()).ok).toBe(false);
  });
});
