import { beforeAll, describe, expect, test } from "vitest";
import type { RuntimeEvent } from "../../../src/runtime/runtime.ts";
import { type OpenRuntime, type RuntimeCapabilities, refusal, testWith, useWorld } from "./world.ts";

/** Events, logs and numbers. */
export function describeObserving(open: OpenRuntime, capabilities: RuntimeCapabilities): void {
  describe("observing", () => {
    const world = useWorld(open, capabilities);
    const { endMain } = capabilities;
    let container = "";
    beforeAll(async () => {
      container = await world.newRunning();
    }, 60_000);

    test("events begin with being connected and end when asked to", async () => {
      const abort = new AbortController();
      const seen: string[] = [];
      for await (const event of world.runtime.events(abort.signal)) {
        seen.push(event.kind);
        abort.abort();
      }
      expect(seen).toEqual(["connected"]);
    });

    testWith(endMain)("a main process that ends by itself is announced and seen by inspect", async () => {
      if (typeof endMain === "string") return;
      const dying = await world.newRunning();
      const abort = new AbortController();
      const aboutIt: RuntimeEvent[] = [];
      for await (const event of world.runtime.events(abort.signal)) {
        if (event.kind === "connected") await endMain(world.runtime, dying);
        else if (event.container === dying) {
          aboutIt.push(event);
          if (event.kind === "died") abort.abort();
        }
      }
      expect(aboutIt.at(-1)).toMatchObject({ kind: "died", container: dying, labels: world.labels() });
      const state = await world.runtime.inspect(dying);
      expect(state?.status).toBe("stopped");
      expect(state?.exitCode).not.toBeNull();
    });

    testWith(endMain)("a container that ended by itself can be started again", async () => {
      if (typeof endMain === "string") return;
      const dying = await world.newRunning();
      await endMain(world.runtime, dying);
      for (let tries = 0; tries < 100 && (await world.runtime.inspect(dying))?.status === "running"; tries += 1);
      await world.runtime.ensureRunning(dying);
      expect(await world.runtime.inspect(dying)).toMatchObject({ status: "running", exitCode: null });
    });

    test("logs without following end by themselves", async () => {
      for await (const line of world.runtime.logs(container, { tail: 10 })) {
        expect(line.at).toBeInstanceOf(Date);
      }
    });

    test("following logs goes on until it is asked to end", async () => {
      const abort = new AbortController();
      let ended = false;
      const following = (async () => {
        for await (const _line of world.runtime.logs(container, { follow: true, signal: abort.signal }));
        ended = true;
      })();
      await world.runtime.inspect(container);
      expect(ended).toBe(false);
      abort.abort();
      await following;
    });

    test("numbers of a running container are plausible", async () => {
      const stats = await world.runtime.stats(container);
      expect(stats.memoryBytes).toBeGreaterThanOrEqual(0);
      expect(stats.cpuPercent).toBeGreaterThanOrEqual(0);
      expect(Number.isInteger(stats.pids)).toBe(true);
    });

    test("logs and numbers of a container that is gone are NOT_FOUND", async () => {
      await expect(world.runtime.stats(world.newName())).rejects.toMatchObject(refusal("NOT_FOUND"));
      const lines = world.runtime.logs(world.newName(), {})[Symbol.asyncIterator]();
      await expect(lines.next()).rejects.toMatchObject(refusal("NOT_FOUND"));
    });
  });
}
