import { describe, expect, test } from "vitest";
import { deploymentLabel } from "../../../src/runtime/labels.ts";
import { type OpenRuntime, type RuntimeCapabilities, bytes, refusal, run, textOf, useWorld } from "./world.ts";

/** Containers: what they are after each order, given once or twice. */
export function describeLifecycle(open: OpenRuntime, capabilities: RuntimeCapabilities): void {
  describe("containers", () => {
    const world = useWorld(open, capabilities);
    const statusOf = async (container: string) => (await world.runtime.inspect(container))?.status ?? null;

    test("the engine answers and says what it is", async () => {
      const info = await world.runtime.ping();
      expect(info.kind).toBe(world.runtime.kind);
      expect(info.version).not.toBe("");
      const isContained = info.kind === "docker";
      expect(info.warning === null).toBe(isContained);
    });

    test("a container that was never made is null", async () => {
      expect(await world.runtime.inspect(world.newName())).toBeNull();
    });

    test("a new container is created, not started", async () => {
      const container = await world.newCreated();
      const state = await world.runtime.inspect(container);
      expect(state).toEqual({ status: "created", startedAt: null, exitCode: null, outOfMemory: false });
    });

    test("a started container runs and knows since when", async () => {
      const container = await world.newRunning();
      const state = await world.runtime.inspect(container);
      expect(state).toMatchObject({ status: "running", exitCode: null, outOfMemory: false });
      expect(state?.startedAt).toBeInstanceOf(Date);
    });

    test("making it again changes nothing, in whatever state it is", async () => {
      const volume = await world.newVolume();
      const container = await world.newRunning({ volume });
      const before = await world.runtime.inspect(container);
      await world.runtime.ensureContainer(world.spec(container, { volume }));
      expect(await world.runtime.inspect(container)).toEqual(before);
    });

    test("every order may be given twice", async () => {
      const container = await world.newCreated();
      for (const [order, status] of [
        [() => world.runtime.ensureRunning(container), "running"],
        [() => world.runtime.ensurePaused(container), "paused"],
        [() => world.runtime.ensureRunning(container), "running"],
        [() => world.runtime.ensureStopped(container, 0), "stopped"],
        [() => world.runtime.removeContainer(container), null],
      ] as const) {
        await order();
        await order();
        expect(await statusOf(container)).toBe(status);
      }
    });

    test("starting at once tells whether it was stopped, and changes nothing else", async () => {
      const container = await world.newCreated();
      expect(await world.runtime.start(container)).toBe(true);
      expect(await statusOf(container)).toBe("running");
      const { startedAt } = (await world.runtime.inspect(container)) ?? {};
      expect(await world.runtime.start(container)).toBe(false);
      expect(await world.runtime.inspect(container)).toMatchObject({ status: "running", startedAt });
      await world.runtime.ensurePaused(container);
      expect(await world.runtime.start(container)).toBe(false);
      expect(await statusOf(container)).toBe("paused");
      await world.runtime.ensureStopped(container, 0);
      expect(await world.runtime.start(container)).toBe(true);
      expect(await statusOf(container)).toBe("running");
      expect(await world.runtime.start(world.newName())).toBe(false);
    });

    test("thawing at once tells whether it was frozen, and changes nothing else", async () => {
      const container = await world.newRunning();
      const { startedAt } = (await world.runtime.inspect(container)) ?? {};
      expect(await world.runtime.thaw(container)).toBe(false);
      await world.runtime.ensurePaused(container);
      expect(await world.runtime.thaw(container)).toBe(true);
      expect(await world.runtime.inspect(container)).toMatchObject({ status: "running", startedAt });
      await world.runtime.ensureStopped(container, 0);
      expect(await world.runtime.thaw(container)).toBe(false);
      expect(await statusOf(container)).toBe("stopped");
      expect(await world.runtime.thaw(world.newName())).toBe(false);
    });

    test("a paused container can be stopped, and removed", async () => {
      const stopped = await world.newRunning();
      await world.runtime.ensurePaused(stopped);
      await world.runtime.ensureStopped(stopped, 0);
      expect(await statusOf(stopped)).toBe("stopped");

      const removed = await world.newRunning();
      await world.runtime.ensurePaused(removed);
      await world.runtime.removeContainer(removed);
      expect(await statusOf(removed)).toBeNull();
    });

    test("a running container can be removed", async () => {
      const container = await world.newRunning();
      await world.runtime.removeContainer(container);
      expect(await statusOf(container)).toBeNull();
    });

    test("started again after a stop, it runs with the files it had", async () => {
      const container = await world.newRunning();
      await run(world.runtime, container, "echo kept > /agent/note || echo kept > note");
      await world.runtime.ensureStopped(container, 0);
      await world.runtime.ensureRunning(container);
      expect((await run(world.runtime, container, ["cat", "note"])).stdout).toBe("kept\n");
    });

    test("a new container on an old volume finds the files of the one before", async () => {
      const volume = await world.newVolume();
      const first = await world.newRunning({ volume });
      await world.runtime.files.write(first, "note", bytes("inherited"));
      await world.runtime.removeContainer(first);

      const second = await world.newRunning({ volume });
      expect(textOf(await world.runtime.files.read(second, "note", 100))).toBe("inherited");
    });

    test("stopping a container that is gone, or removing it, is done already", async () => {
      await expect(world.runtime.ensureStopped(world.newName())).resolves.toBeUndefined();
      await expect(world.runtime.removeContainer(world.newName())).resolves.toBeUndefined();
    });

    test("starting or pausing a container that is gone is NOT_FOUND", async () => {
      await expect(world.runtime.ensureRunning(world.newName())).rejects.toMatchObject(refusal("NOT_FOUND"));
      await expect(world.runtime.ensurePaused(world.newName())).rejects.toMatchObject(refusal("NOT_FOUND"));
    });

    test("only a running container can be paused", async () => {
      const container = await world.newRunning();
      await world.runtime.ensureStopped(container, 0);
      await expect(world.runtime.ensurePaused(container)).rejects.toMatchObject(refusal("CONFLICT"));
    });

    test("the list shows containers and volumes of this deployment with labels and status", async () => {
      const volume = await world.newVolume();
      const container = await world.newRunning({ volume });
      const inventory = await world.runtime.list();
      const labels = { ...world.labels(), [deploymentLabel]: world.capabilities.deployment };
      const shown = inventory.containers.find(({ name }) => name === container);
      expect(shown).toMatchObject({ labels, status: "running" });
      const listed = inventory.volumes.find(({ name }) => name === volume);
      expect(listed?.labels).toMatchObject(labels);
    });

    test("another deployment's containers and volumes are not in the list", async () => {
      const labels = world.labels({ [deploymentLabel]: world.newName() });
      const volume = await world.newVolume(labels);
      const container = await world.newCreated({ volume, labels });
      const inventory = await world.runtime.list();
      expect(inventory.containers.map(({ name }) => name)).not.toContain(container);
      expect(inventory.volumes.map(({ name }) => name)).not.toContain(volume);
    });
  });
}
