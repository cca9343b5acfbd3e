import { describe, expect, onTestFinished, test } from "vitest";
import type { NamedRuntime } from "../../src/runtime/pool/host.ts";
import { answerOf, createAgent } from "../support/agents.ts";
import { computerOf, makeHosts, startOnHosts } from "./hosts-world.ts";

const file = `{ agent(name: "one") { file(path: "file") { content } } }`;
const refused = (words: string) => ({
  message: expect.stringContaining(words),
  extensions: { code: "UNAVAILABLE", state: "notStarted" },
});

/** An agent with a file on the first host, and the same gateway started again with other hosts. */
async function startAgain(hosts: (first: NamedRuntime, second: NamedRuntime) => readonly NamedRuntime[]) {
  const world = await startOnHosts(["north", "south"]);
  await createAgent(world.gateway, "one", { idleTimeoutSeconds: 86_400 });
  await answerOf(world.gateway, "one", "echo kept > file");
  const [first, second] = world.hosts;
  if (!first || !second) throw new Error("there are two");
  const again = await world.gateway.restart({ hosts: hosts(first, second) });
  onTestFinished(() => again.stop());
  return { ...world, again };
}

describe("an engine that is behind another name than it was", () => {
  test("is away by it: none of its computers is taken for nobody's, or for lost", async () => {
    const { again, on } = await startAgain((first, second) => [
      { ...first, name: "south" },
      { ...second, name: "north" },
    ]);
    const before = (await on("north").list()).containers;
    for (let minute = 0; minute < 8; minute++) await again.clock.advance(60);
    expect((await again.graphql(file)).errors?.[0]).toMatchObject(
      refused('Host "north" is the engine of host "south"'),
    );
    await again.data(`mutation { deleteAgent(name: "one") { name } }`);
    await again.clock.advance(60);
    const { containers, volumes } = await on("north").list();
    expect(containers).toEqual(before);
    expect(volumes).toHaveLength(1);
  });

  test("has to get its old name back when computers know it by that", async () => {
    const { again } = await startAgain((first) => [{ ...first, name: "nord" }]);
    await again.graphql(`mutation { createAgent(input: { name: "two" }) { name } }`);
    await again.clock.advance(60);
    expect(await computerOf(again, "two")).toMatchObject({ host: null, phase: "ABSENT" });
    expect((await again.data(`{ health { ok } }`)).health.ok).toBe(false);
  });

  test("may have it when nothing is known by the old one", async () => {
    const { again, on } = await startAgain((first, second) => [first, { ...second, name: "west" }]);
    await createAgent(again, "two");
    expect(await computerOf(again, "two")).toMatchObject({ host: "west", phase: "RUNNING" });
    expect((await on("south").list()).containers).toHaveLength(1);
  });

  test("is used by one of two names", async () => {
    const { hosts } = makeHosts("north");
    const twice = hosts.flatMap((host) => [host, { ...host, name: "twin" }]);
    const { gateway } = await startOnHosts(["other"]);
    const again = await gateway.restart({ hosts: twice });
    onTestFinished(() => again.stop());
    for (const name of ["one", "two", "three"]) await createAgent(again, name);
    for (let minute = 0; minute < 3; minute++) await again.clock.advance(60);
    expect((await again.runtime.list()).containers).toHaveLength(3);
    for (const name of ["one", "two", "three"]) expect((await computerOf(again, name)).generation).toBe(1);
  });
});

describe("another engine behind the name of a host", () => {
  test("is away while it lacks the files of the host's computers", async () => {
    const stranger = makeHosts("stranger");
    const { again } = await startAgain((_first, second) => [
      { name: "north", runtime: stranger.on("stranger") },
      second,
    ]);
    for (let minute = 0; minute < 8; minute++) await again.clock.advance(60);
    expect((await again.graphql(file)).errors?.[0]).toMatchObject(refused("without 1 volumes of its computers"));
    expect((await stranger.on("stranger").list()).volumes).toEqual([]);
    expect(await computerOf(again, "one")).toMatchObject({ host: "north", lastError: null });
  });

  test("takes its place with the files, as after a backup came back", async () => {
    const stranger = makeHosts("stranger");
    const runtime = stranger.on("stranger");
    const { again } = await startAgain((first, second) => [{ ...first, runtime }, second]);
    const { id } = await computerOf(again, "one");
    await runtime.ensureVolume(`raworc-${id}`, {});
    await expect.poll(() => again.runtime.hosts?.isAway("north"), { timeout: 5_000 }).toBe(false);
    await again.clock.advance(0);
    await again.clock.advance(1);
    expect((await answerOf(again, "one", "echo there")).output.text).toBe("there\n");
  });
});
