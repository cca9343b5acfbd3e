import { afterAll, describe, expect, test } from "vitest";
import { builtAgentsOf, latestImage } from "../../src/domain/builds/build.ts";
import { startTestGateway } from "../support/gateway.ts";
import { makeRepositories, nodeAgent, pythonAgent } from "./repository.ts";
import { addAgent, buildsOf, changeAgent, deleteAgent, logOf, storyOf } from "./support.ts";

const repositories = makeRepositories();
const world = await startTestGateway({ env: repositories.env });
const { gateway, runtime } = world;
afterAll(async () => {
  await world.stop();
  repositories.remove();
});

let spaces = 0;
async function newSpace(): Promise<string> {
  const name = `space-${(spaces += 1)}`;
  await world.data(`mutation ($name: String!) { createSpace(input: { name: $name }) { name } }`, { name });
  return name;
}

const imagesOf = async (spaceName: string) =>
  (await runtime.images.list()).map(({ name }) => name).filter((name) => name.startsWith(`raworc_space_${spaceName}:`));

describe("a build", () => {
  test("makes one image of all agents of the space, and says of each what it took", async () => {
    const spaceName = await newSpace();
    const commit = repositories.commit("raworc/python", pythonAgent);
    repositories.commit("raworc/node", nodeAgent);
    await addAgent(gateway, { spaceName, name: "python", sourceRepo: "raworc/python" });
    await addAgent(gateway, { spaceName, name: "node", sourceRepo: "raworc/node" });
    await world.settle();
    const [build] = await buildsOf(gateway, spaceName);
    if (!build) throw new Error("there is no build");
    expect(build).toMatchObject({ status: "COMPLETED", error: null, image: `raworc_space_${spaceName}:${build.id}` });
    expect(build.id).toMatch(/^build-[0-9a-f-]{36}$/);
    const manifest = { description: null, purpose: null, capabilities: [], buildCommand: null };
    expect(builtAgentsOf(build)).toEqual([
      {
        name: "node",
        sourceRepo: "raworc/node",
        sourceBranch: "main",
        commit: expect.stringMatching(/^[0-9a-f]{40}$/),
        manifest: { ...manifest, runtime: "node", handler: "index.processMessage" },
        error: null,
      },
      {
        name: "python",
        sourceRepo: "raworc/python",
        sourceBranch: "main",
        commit,
        manifest: { ...manifest, runtime: "python3", handler: "main.process_message" },
        error: null,
      },
    ]);
    expect(await imagesOf(spaceName)).toEqual([build.image]);
    expect(await storyOf(gateway, build.id)).toEqual([
      "build.created",
      "build.started",
      "build.log",
      "build.completed",
    ]);
    expect(await logOf(gateway, build.id)).toContain(`[python] is at ${commit}`);
    expect(await latestImage(gateway.store, spaceName)).toMatchObject({ id: build.id });
  });
});
