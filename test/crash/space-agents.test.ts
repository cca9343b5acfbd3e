import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeRepositories, pythonAgent, type Repositories } from "../builds/repository.ts";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { eventually } from "./watch.ts";
import { createWorld, plainGateway, type World } from "./world.ts";

const name = `crashing-${process.pid}`;

/** The main processes of the deployed agent on this machine, without the sandboxes around them. */
const mains = () =>
  readdirSync("/proc").filter((pid) => {
    const words = /^\d+$/.test(pid) ? wordsOf(pid) : [];
    return words[0] === "python3" && words.includes(name);
  });

function wordsOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // it ended while we looked
  }
}

const place = `space: "default", name: "${name}"`;
const statusOf = async (gateway: GatewayProcess) =>
  (await gateway.ask(`{ spaceAgent(${place}) { status lastError logs { text } } }`)).spaceAgent;
const answerOf = async (gateway: GatewayProcess) =>
  (await gateway.ask(`mutation { askSpaceAgent(${place}, message: "hello") }`)).askSpaceAgent;

describe.each([
  ["a plain process", plainGateway],
  ["a process as it is here, in bubblewrap where there is one", undefined],
])("kill -9 of the gateway, with a deployed space agent as %s", (_kind, main) => {
  let repositories: Repositories;
  let world: World;
  beforeEach(async () => {
    repositories = makeRepositories();
    repositories.commit("raworc/python", pythonAgent);
    world = await createWorld({ RAWORC_RUNTIME: "process", ...repositories.env }, main);
  });
  afterEach(async () => {
    await world.close();
    repositories.remove();
  });

  test("it runs on as one main process, which answers and keeps a log again", async () => {
    const before = await world.start();
    const input = { space: "default", name, sourceRepo: "raworc/python" };
    await before.ask(`mutation ($input: CreateSpaceAgentInput!) { createSpaceAgent(input: $input) { id } }`, { input });
    const build = '{ latestBuild(space: "default") { status } }';
    await eventually(async () => expect((await before.ask(build)).latestBuild).toMatchObject({ status: "COMPLETED" }));
    await before.ask(`mutation { deploySpaceAgent(${place}) { id } }`);
    await eventually(async () => expect((await statusOf(before)).logs).toHaveLength(1));
    expect(await answerOf(before)).toBe("python heard hello");
    await before.kill();

    const after = await world.start();
    await eventually(async () => expect((await statusOf(after)).logs).toHaveLength(1));
    expect(await statusOf(after)).toMatchObject({ status: "RUNNING", lastError: null });
    await eventually(() => expect(mains()).toHaveLength(1));
    expect(await answerOf(after)).toBe("python heard hello");
    await eventually(async () => expect((await statusOf(after)).logs).toHaveLength(2));

    await after.ask(`mutation { stopSpaceAgent(${place}) { id } }`);
    await eventually(() => expect(mains()).toEqual([]));
  });
});
