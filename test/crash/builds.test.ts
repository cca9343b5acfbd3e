import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeRepositories, nodeAgent, type Repositories } from "../builds/repository.ts";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { newMark, untilNoProcess, untilProcess } from "./processes.ts";
import { createWorld, plainGateway, type World } from "./world.ts";

const creation = `mutation ($input: CreateSpaceAgentInput!) { createSpaceAgent(input: $input) { name } }`;
const agent = { space: "default", name: "worker", sourceRepo: "o/worker" };
const latest = `{ latestBuild(space: "default") { id status image error logs agents { name error } } }`;
const progress = `subscription ($id: ID!) { buildProgress(id: $id) { seq status } }`;

/** Follows a build to its end. */
async function stepsOf(gateway: GatewayProcess, id: string) {
  const steps: { readonly seq: number; readonly status: string | null }[] = [];
  const results = gateway.live.iterate<{ buildProgress: (typeof steps)[number] }>({
    query: progress,
    variables: { id },
  });
  for await (const { data } of results) if (data) steps.push(data.buildProgress);
  return steps;
}

describe("kill -9 of the gateway while it builds", () => {
  let world: World;
  let repositories: Repositories;
  beforeEach(async () => {
    repositories = makeRepositories();
    world = await createWorld({ RAWORC_RUNTIME: "process", ...repositories.env }, plainGateway);
  });
  afterEach(async () => {
    await world.close();
    repositories.remove();
  });

  test("the build begins again and ends once; the command it ran is ended and nothing is left of it", async () => {
    const mark = newMark();
    const manifest = (build_command: string) => ({ "raworc.json": JSON.stringify({ build_command }) });
    repositories.commit("o/worker", { ...nodeAgent, ...manifest(`touch stale; setsid sleep ${mark} & sleep ${mark}`) });
    const before = await world.start();
    await before.ask(creation, { input: agent });
    await untilProcess(mark);
    await before.kill();
    repositories.commit("o/worker", manifest("touch fresh"));

    const after = await world.start();
    const { latestBuild: found } = await after.ask(latest);
    const steps = await stepsOf(after, found.id);
    await untilNoProcess(mark);
    expect(steps.map(({ seq }) => seq)).toEqual(steps.map((_step, place) => place + 1));
    expect(steps.flatMap(({ status }) => status ?? [])).toEqual(["PENDING", "BUILDING", "COMPLETED"]);
    const { latestBuild: build } = await after.ask(latest);
    expect(build).toMatchObject({ id: found.id, error: null, agents: [{ name: "worker", error: null }] });
    expect(build.logs).toContain("The build begins again");
    const image = join(world.dataDir, "computers/images", build.image.replace(":", "."), "worker");
    expect((await readdir(image)).toSorted()).toEqual(["fresh", "index.js", "package.json", "raworc.json"]);
    expect(await readdir(join(world.dataDir, "builds"))).toEqual([]);
  });
});
