import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeRepositories, nodeAgent } from "../builds/repository.ts";
import { ask } from "../crash/world.ts";
import { endOf, eventually } from "../crash/watch.ts";
import { answerOf, computerOf, makeAgent, removeAgent, startTwoHosts, type TwoHosts } from "../support/two-hosts.ts";
import type Docker from "dockerode";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { openEngineDirectly } from "./world.ts";

const mebibyte = 1_048_576;
const file = `{ agent(name: "southern") { file(path: "note") { content } } }`;
const helper: unknown = expect.stringMatching(/^raworc-carry-/);
const repositories = makeRepositories();

/** Files of many kinds, all of which a copy must have as they are; `large` is what must not pass through memory whole. */
const plant = (megabytes: number) => String.raw`
mkdir -p code/deep "out/ space"; echo '#!/bin/sh' > code/run; chmod 0755 code/run; ln code/run code/twin
echo private > code/deep/key; chmod 0600 code/deep/key; chmod 0700 code/deep; chmod 2770 "out/ space"
ln -s deep/key code/link; ln -s /nowhere code/dangling; printf x > "code/-odd
name \\ with 'all' \"of\" it ü 日本"; : > .hidden; chmod 0 .hidden; truncate -s 16M out/holes
touch -d '2020-02-03 04:05:06' code/run; touch -h -d '2019-01-02 03:04:05' code/link; touch -d '2018-01-02' out
head -c ${megabytes}M /dev/urandom > out/large`;

/** All there is of files, but for the size of folders, which is the file system's own. */
const describeFiles = (folder: string) => String.raw`cd ${folder}
find . -mindepth 1 ! -type d -printf '%P|%y %m %U:%G %n %s %Tc %l\0' -o -type d -printf '%P|%y %m %U:%G %Tc\0' |
sort -z | tr '\0' '\n'; find . -type f -readable -exec sha256sum {} + | sort`;

describe("a gateway over two engines that RAWORC_DOCKER_HOSTS names", { timeout: 90_000 }, () => {
  let world: TwoHosts;
  beforeAll(async () => {
    world = await startTwoHosts(repositories.env);
  }, 120_000);
  afterAll(async () => {
    await world.stop();
    repositories.remove();
  }, 60_000);

  const remix = (source: string, input: object) =>
    world.gateway.ask(
      `mutation ($name: ID!, $input: RemixAgentInput!) { remixAgent(name: $name, input: $input) { name } }`,
      {
        name: source,
        input,
      },
    );
  const filesOf = (agent: string, folder = ".") => answerOf(world.gateway, agent, describeFiles(folder));
  /** The containers that are no computers, or no longer. */
  const helpers = async () =>
    [...(await world.containersOn("north")), ...(await world.containersOn("south"))].filter(
      (name) => !name.endsWith("-g1"),
    );

  test("spreads agents evenly, and each is answered in the engine that has its files", async () => {
    for (const name of ["northern", "southern", "third"]) {
      const { id, host } = await makeAgent(world, name);
      expect(host).toBe(name === "southern" ? "south" : "north");
      expect(await world.containersOn(host)).toContain(`raworc-${id}-g1`);
      const engine = openEngineDirectly(host === "south" ? world.south.dockerHost : undefined);
      const { Config } = await engine.getContainer(`raworc-${id}-g1`).inspect();
      expect(await answerOf(world.gateway, name, "cat /etc/hostname")).toBe(`${Config.Hostname}\n`);
    }
    expect(world.counts()).toEqual({ north: 2, south: 1 });
  });

  test("carries a remix to the other engine as it is, and does not hold its files in memory meanwhile", async () => {
    await answerOf(world.gateway, "northern", plant(120));
    const before = await filesOf("northern");
    const { pid } = world.gateway;
    await writeFile(`/proc/${pid}/clear_refs`, "5"); // the peak begins anew
    const atRest = await peakOf(pid);
    await remix("northern", { name: "copy" });
    expect(await filesOf("copy")).toBe(before);
    expect((await peakOf(pid)) - atRest).toBeLessThan(100 * mebibyte);
    expect((await computerOf(world.gateway, "copy")).host).toBe("south");
    await removeAgent(world, "copy");
    expect(await helpers()).toEqual([]);
  });

  test("carries only the code where the remix is without content", async () => {
    await answerOf(world.gateway, "northern", "truncate -s 48M out/large");
    await remix("northern", { name: "code-only", content: false });
    expect(await answerOf(world.gateway, "code-only", "ls -A")).toBe("code\n");
    expect(await filesOf("code-only", "code")).toBe(await filesOf("northern", "code"));
    expect((await computerOf(world.gateway, "code-only")).host).toBe("south");
    await removeAgent(world, "code-only");
    expect(await helpers()).toEqual([]);
  });

  test.each([
    { end: "target", source: "northern", host: "south", method: "PUT" },
    { end: "source", source: "southern", host: "north", method: "GET" },
  ] as const)("has a whole copy although the engine of its $end is killed in the midst of it", async (cut) => {
    const { gateway, south, way } = world;
    const name = `cut-${cut.end}`;
    if (cut.end === "source") await answerOf(gateway, cut.source, plant(48));
    const before = await filesOf(cut.source);
    const hold = way.holdArchive(cut.method, 8 * mebibyte);
    await remix(cut.source, { name });
    await hold.reached;
    await south.kill();
    hold.pass();
    const { id, ...meanwhile } = await computerOf(gateway, name);
    expect(meanwhile).toEqual({ host: cut.host, phase: "ABSENT", generation: 0, lastError: null });
    expect(await refusalOf(gateway, file)).toMatchObject({ extensions: { code: "UNAVAILABLE" } });
    await eventually(async () => expect(await world.containersOn("north")).not.toContainEqual(helper)); // it has given up

    await south.start();
    expect(await filesOf(name)).toBe(before);
    expect(await computerOf(gateway, name)).toEqual({ id, ...meanwhile, phase: "RUNNING", generation: 1 });
    expect(world.failuresOf(id)).toBe(0);
    await eventually(async () => expect(await helpers()).toEqual([]));
    if (cut.end === "target") await removeAgent(world, "third"); // makes room in north
  });

  test("goes on without one that is killed, whose agents wait and have their files when it is back", async () => {
    const { gateway, south } = world;
    await answerOf(gateway, "southern", "echo kept > note");
    const before = await computerOf(gateway, "southern");
    const failures = world.failuresOf(before.id);
    await south.kill();
    expect(await refusalOf(gateway, file)).toMatchObject({
      message: expect.stringMatching(/^Host "south" does not answer/),
      extensions: { code: "UNAVAILABLE" },
    });
    const waiting = await ask(gateway, "southern", "cat note");
    expect((await makeAgent(world, "later")).host).toBe("north");
    for (const name of ["northern", "later"]) expect(await answerOf(gateway, name, "echo well")).toBe("well\n");
    expect(await responseOf(gateway, waiting)).toMatchObject({ completedAt: null, failure: null });
    expect([await computerOf(gateway, "southern"), world.failuresOf(before.id)]).toEqual([before, failures]);
    expect((await world.containersOn("north")).filter((name) => name.includes(before.id))).toEqual([]);

    await south.start();
    await endOf(gateway, waiting);
    expect(await responseOf(gateway, waiting)).toMatchObject({ status: "COMPLETED", output: { text: "kept\n" } });
    expect(await computerOf(gateway, "southern")).toEqual(before);
  });

  test("carries the image of a build to the engine that needs it", async () => {
    repositories.commit("o/node", nodeAgent);
    await world.gateway.ask(`mutation ($input: CreateSpaceAgentInput!) { createSpaceAgent(input: $input) { name } }`, {
      input: { space: "default", name: "node", sourceRepo: "o/node" },
    });
    const image = await eventually(async () => {
      const { latestBuild } = await world.gateway.ask(`{ latestBuild(space: "default") { status image error } }`);
      expect(latestBuild).toMatchObject({ status: "COMPLETED", error: null });
      return latestBuild.image;
    });
    const engines = { north: openEngineDirectly(), south: openEngineDirectly(world.south.dockerHost) };
    const has = async (engine: Docker) =>
      (await engine.listImages({ filters: JSON.stringify({ reference: [image] }) })).length > 0;
    expect(await has(engines.north)).toBe(!(await has(engines.south)));
    const sessions = [await talkTo(world.gateway, "@node hello"), await talkTo(world.gateway, "@node hello")];
    const said = "node heard hello";
    expect(sessions).toEqual(
      expect.arrayContaining([
        { host: "north", said },
        { host: "south", said },
      ]),
    );
    for (const engine of [engines.north, engines.south]) expect(await has(engine)).toBe(true);
  });
});

/** How far a response has come. */
const responseOf = async (gateway: GatewayProcess, id: string) =>
  (
    await gateway.ask(
      `query ($id: ID!) { response(id: $id) { status completedAt failure { reason } output { text } } }`,
      { id },
    )
  ).response;

/** How a call was refused. */
async function refusalOf({ live }: GatewayProcess, query: string) {
  for await (const { errors } of live.iterate({ query })) return errors?.[0];
  return null;
}

/** Says something in a new session; answers what was answered, and where. */
async function talkTo(gateway: GatewayProcess, content: string) {
  const { createSession } = await gateway.ask(`mutation { createSession(input: { space: "default" }) { id } }`);
  const id: string = createSession.id;
  const say = `mutation ($id: ID!, $content: String!) { sendMessage(session: $id, content: $content) { id } }`;
  const { sendMessage } = await gateway.ask(say, { id, content });
  const heard = gateway.live.iterate<{ messageAdded: { content: string } }>({
    query: `subscription ($id: ID!, $after: ID) { messageAdded(session: $id, after: $after) { content } }`,
    variables: { id, after: sendMessage.id },
  });
  const { value } = await heard.next();
  const { session } = await gateway.ask(`query ($id: ID!) { session(id: $id) { computer { host } } }`, { id });
  return { host: session.computer.host, said: value?.data?.messageAdded.content };
}

/** The most memory a process has had. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
