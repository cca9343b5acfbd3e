import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtImagePrefix } from "../../src/runtime/paths.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { computerOf, countByHost, look } from "../computers/hosts-world.ts";
import { answerOf, ask, createAgent, endOf } from "../support/agents.ts";
import type { TestGateway } from "../support/gateway.ts";
import { openEngineDirectly, removeComputer, run, startComputer, testImage } from "./world.ts";
import { startTwoEngines, type TwoEngines } from "./two-engines.ts";

const remix = `mutation ($name: ID!, $input: RemixAgentInput!) { remixAgent(name: $name, input: $input) { name } }`;
const patient = { idleTimeoutSeconds: 86_400, busyTimeoutSeconds: 86_400 };

/** Files of many kinds, all of which a copy must have as they are. */
const plant = String.raw`
mkdir -p code/deep out; echo '#!/bin/sh' > code/run; chmod 0755 code/run; echo private > code/deep/key; chmod 0600 code/deep/key
ln -s deep/key code/link; ln -s /nowhere code/dangling; ln code/run code/hard; printf x > "code/odd
name \\ with 'all' \"of\" it ü"; touch -d '2020-02-03 04:05:06' code/run; chmod 1777 out; mkfifo out/pipe
head -c 64M /dev/urandom > out/large; truncate -s 16M out/holes; chmod 0700 code/deep`;
/** What there is of them, one line each; folders without their times, which the listing's own copy may touch. */
const describeFiles = String.raw`find . -mindepth 1 ! -type d -printf '%P\0%y %m %U %G %n %s %Tc %l\n' | sort -z | sha256sum
find . -mindepth 1 -type d -printf '%P\0%y %m %U %G\n' | sort -z | sha256sum; sha256sum out/large; ls -1 code`;

describe("two engines", { timeout: 120_000 }, () => {
  let world: TwoEngines;
  beforeAll(async () => {
    world = await startTwoEngines();
    for (const name of ["northern", "southern"]) await createAgent(world.gateway, name, patient);
  }, 240_000);
  afterAll(() => world.stop(), 60_000);

  const remove = async (name: string) => {
    await world.gateway.data(`mutation ($name: ID!) { deleteAgent(name: $name) { name } }`, { name });
    await world.gateway.settle();
  };

  test("share computers, each of which is in one of them", async () => {
    expect(await countByHost(world.gateway)).toEqual({ north: 1, south: 1 });
    for (const [agent, host] of [
      ["northern", "north"],
      ["southern", "south"],
    ] as const) {
      const { id } = await computerOf(world.gateway, agent);
      expect(await world.containersOn(host)).toEqual([`raworc-${id}-g1`]);
      expect((await answerOf(world.gateway, agent, "echo here; pwd")).output.text).toBe("here\n/agent\n");
    }
  });

  test("carry a copy between them with owners, modes, links, times and names, and leave nothing behind", async () => {
    const { gateway } = world;
    expect((await answerOf(gateway, "southern", plant)).status).toBe("COMPLETED");
    for (const name of ["beside", "copy"]) {
      await gateway.data(remix, { name: "southern", input: { name } });
      await gateway.settle();
    }
    expect((await computerOf(gateway, "copy")).host).toBe("north");
    const [original, copy] = [
      await answerOf(gateway, "southern", describeFiles),
      await answerOf(gateway, "copy", describeFiles),
    ];
    expect(copy.output.text).toBe(original.output.text);
    expect(copy.output.text).toMatch(/\nrun\n$/);
    expect(await helpersOf(world)).toEqual([]);
    await remove("copy");
  });

  test("carry an image that one of them made to where a computer needs it, once for all who want it", async () => {
    const { gateway, runtimes } = world;
    const limits = { memoryBytes: 256 * 1_048_576, cpus: 1, pids: 64 };
    const name = `${builtImagePrefix}both:1`;
    const spec = { name, base: testImage, labels: {}, network: "NONE", limits, maxBytes: 10_000_000 } as const;
    const draft = await runtimes.north.images.open(spec);
    await draft.run({ argv: ["sh", "-c", "echo made > note"], timeoutMs: 30_000 });
    await draft.commit();
    await draft.discard();
    const { id } = await computerOf(gateway, "southern");
    const lines: string[] = [];
    const ensure = () => gateway.runtime.ensureImage(name, (line) => lines.push(line), `raworc-${id}`);
    await Promise.all([ensure(), ensure()]);
    expect(lines).toEqual([`carrying ${name} from host "north" to host "south"`]);
    const computer = await startComputer(runtimes.south, { image: name });
    expect((await run(runtimes.south, computer, "cat /opt/raworc/agents/note")).stdout).toBe("made\n");
    await removeComputer(runtimes.south, computer);
    await expect(
      gateway.runtime.ensureImage(`${builtImagePrefix}none:1`, undefined, `raworc-${id}`),
    ).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test.each(["north", "south"] as const)("a copy is whole although %s was killed in its midst", async (victim) => {
    const { gateway, engines } = world;
    const name = `cut-${victim}`;
    const begun = untilCreated(engines[victim].dockerHost, /^raworc-carry-/);
    await gateway.data(remix, { name: "southern", input: { name } });
    await begun;
    await engines[victim].kill();
    expect(await computerOf(gateway, name)).toMatchObject({ host: "north", phase: "ABSENT" });
    await engines[victim].start();
    await untilBack(gateway, victim);
    while ((await computerOf(gateway, name)).phase !== "RUNNING") await gateway.clock.advance(60);
    const { text } = (await answerOf(gateway, "southern", describeFiles)).output;
    expect((await answerOf(gateway, name, describeFiles)).output.text).toBe(text);
    expect(await helpersOf(world)).toEqual([]);
    await remove(name);
  });

  test("one that is killed takes only its own computers along, and has them again when it is back", async () => {
    const { gateway, engines } = world;
    await answerOf(gateway, "southern", "echo kept > note");
    const before = await computerOf(gateway, "southern");
    await engines.south.kill();
    await look(gateway);
    const file = `{ agent(name: "southern") { file(path: "note") { content } } }`;
    const { errors } = await gateway.graphql(file);
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('"south"'),
      extensions: { code: "UNAVAILABLE" },
    });
    const waiting = await ask(gateway, "southern", "cat note");
    for (let minute = 0; minute < 3; minute++) {
      await gateway.clock.advance(60);
      expect((await answerOf(gateway, "northern", "echo well")).output.text).toBe("well\n");
    }
    await createAgent(gateway, "later");
    expect((await computerOf(gateway, "later")).host).toBe("north");
    expect(await computerOf(gateway, "southern")).toMatchObject({ host: "south", lastError: null });

    await engines.south.start();
    await untilBack(gateway, "south");
    await gateway.clock.advance(0);
    await gateway.clock.advance(1);
    expect((await endOf(gateway, waiting.id)).output.text).toBe("kept\n");
    expect(await computerOf(gateway, "southern")).toMatchObject({ id: before.id, host: "south", phase: "RUNNING" });
  });
});

/** The containers that are no computers. */
const helpersOf = async ({ containersOn }: TwoEngines) =>
  [...(await containersOn("north")), ...(await containersOn("south"))].filter((name) => !/-g\d+$/.test(name));

/** Resolves when the engine has made a container of such a name. */
async function untilCreated(dockerHost: string, name: RegExp): Promise<void> {
  const events = await openEngineDirectly(dockerHost).getEvents({ filters: { event: ["create"] } });
  const { promise, resolve } = Promise.withResolvers<void>();
  events.on("data", (line) => name.test(JSON.parse(String(line)).Actor.Attributes.name) && resolve());
  events.on("error", () => undefined); // it ends with the engine
  await promise;
}

/** A host that is away is looked at every second. */
const untilBack = ({ runtime }: TestGateway<Runtime>, host: string) =>
  expect.poll(() => runtime.hosts?.isAway(host), { timeout: 20_000 }).toBe(false);
