import pino from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEngine } from "../../src/runtime/docker/engine.ts";
import { removeStaleHelpers } from "../../src/runtime/docker/helpers.ts";
import { docker } from "../support/needs.ts";
import {
  newName,
  openEngineDirectly,
  openTestRuntime,
  run,
  startComputer,
  testDeployment,
  testImage,
} from "./world.ts";

describe("a helper container that a crash left behind", () => {
  const runtime = openTestRuntime();
  const direct = openEngineDirectly();
  const options = {
    dockerHost: docker.found,
    deployment: testDeployment,
    image: testImage,
    log: pino({ level: "silent" }),
  };
  const engine = openEngine(options);
  beforeAll(() => runtime.ensureImage(testImage), 180_000);
  afterAll(async () => {
    await runtime.close();
    engine.closed.abort();
  });

  const leaveHelper = async (name: string) => {
    const labels = { "raworc.helper": name, "raworc.deployment": testDeployment };
    await direct.createContainer({ name, Image: testImage, Labels: labels, HostConfig: { NetworkMode: "none" } });
  };
  const listed = () =>
    direct.listContainers({ all: true, filters: { label: [`raworc.deployment=${testDeployment}`] } });
  const names = async () => (await listed()).map(({ Names }) => Names[0]?.slice(1));

  test("is no computer in the list, and goes once nobody can be waiting for it", async () => {
    const name = newName();
    await leaveHelper(name);
    expect((await runtime.list()).containers.map((container) => container.name)).not.toContain(name);
    expect(await names()).toContain(name);

    const [found] = await listed();
    await removeStaleHelpers(engine, await listed(), (found?.Created ?? 0) + 61);
    expect(await names()).not.toContain(name);
  });

  test("does not keep the same copy from being made again", async () => {
    const source = await startComputer(runtime);
    await run(runtime, source, "echo copied > note");
    const target = await startComputer(runtime);
    await leaveHelper(`raworc-copy-${target}`);
    await runtime.copyVolume(source, target, { code: true, content: true });
    expect((await run(runtime, target, "cat note")).stdout).toBe("copied\n");
    expect(await names()).not.toContain(`raworc-copy-${target}`);
    for (const name of [source, target]) {
      await runtime.removeContainer(name);
      await runtime.removeVolume(name);
    }
  });

  test("does not keep the volume that it holds open from being removed", async () => {
    const volume = newName();
    await runtime.ensureVolume(volume, {});
    await direct.createContainer({
      name: `raworc-carry-${volume}-dead`,
      Image: testImage,
      Labels: { "raworc.helper": "carry", "raworc.helper-of": "a process that is gone" },
      HostConfig: { NetworkMode: "none", Mounts: [{ Type: "volume", Source: volume, Target: "/agent" }] },
    });
    await runtime.removeVolume(volume);
    expect((await runtime.list()).volumes.map(({ name }) => name)).not.toContain(volume);
  });
});
