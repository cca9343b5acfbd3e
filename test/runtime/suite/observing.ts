import { beforeAll, describe, expect, test } from "vitest";
import type { RuntimeEvent } from "../../../src/runtime/runtime.ts";
import { letTimePass, type OpenRuntime, type RuntimeCapabilities, refusal, run, testWith, useWorld } from "./world.ts";

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
        else if ("container" in event && event.container === dying) {
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

    testWith(capabilities.mainProcess)(
      "a main process of its own runs in /agent, and its log is shown as it comes",
      async () => {
        const own = await world.newRunning({ command: ["sh", "-c", "cat note; echo oops >&2; sleep 60"] });
        const abort = new AbortController();
        const lines: string[] = [];
        for await (const { stream, text } of world.runtime.logs(own, { follow: true, signal: abort.signal })) {
          lines.push(`${stream}: ${text}`);
          if (text === "oops") abort.abort();
        }
        expect(lines.at(-1)).toBe("stderr: oops");
        expect((await world.runtime.inspect(own))?.status).toBe("running");
        expect(await run(world.runtime, own, ["echo", "beside it"])).toMatchObject({ stdout: "beside it\n" });
      },
    );

    testWith(capabilities.mainProcess)("a long line of a log is whole, a longer one broken", async () => {
      const letters = (count: number, letter: string) => `head -c ${count} /dev/zero | tr '\\0' ${letter}; echo`;
      const script = `${letters(40_000, "x")}; ${letters(150_000, "y")}; echo last; sleep 60`;
      const own = await world.newRunning({ command: ["sh", "-c", script] });
      const lines: string[] = [];
      for await (const { text } of world.runtime.logs(own, { follow: true })) {
        lines.push(text.replace(/^(.)\1{9,}$/, (same: string, letter: string) => `${letter} × ${same.length}`));
        if (text === "last") break;
      }
      expect(lines).toEqual(["x × 40000", "y × 65536", "y × 65536", "y × 18928", "last"]);
    });

    testWith(capabilities.mainProcess)(
      "a main process of its own that ends stops the container, which can be started again",
      async () => {
        const abort = new AbortController();
        const command = ["sh", "-c", "echo up; exit 3"];
        let own = "";
        for await (const event of world.runtime.events(abort.signal)) {
          if (event.kind === "connected") own = await world.newRunning({ command });
          if (event.kind !== "died" || event.container !== own) continue;
          expect(await world.runtime.inspect(own)).toMatchObject({ status: "stopped", exitCode: 3 });
          const lines = [];
          for await (const { text } of world.runtime.logs(own, {})) lines.push(text);
          expect(lines).toEqual(lines.length < 2 ? ["up"] : ["up", "up"]);
          if (lines.length < 2) await world.runtime.ensureRunning(own);
          else abort.abort();
        }
      },
    );

    testWith(capabilities.mainProcess)("stopping a container with a main process of its own is no death", async () => {
      const own = await world.newRunning({ command: ["sleep", "600"] });
      await world.runtime.ensureStopped(own, 0);
      expect((await world.runtime.inspect(own))?.status).toBe("stopped");
      await world.runtime.ensureRunning(own);
      expect((await world.runtime.inspect(own))?.status).toBe("running");
    });

    testWith(capabilities.mainProcess)("ending left-over commands spares a main process of its own", async () => {
      const own = await world.newRunning({ command: ["sh", "-c", "echo begun\nexec sleep 600"] });
      await world.runtime.killCommands(own);
      await letTimePass(world.runtime, own);
      expect((await world.runtime.inspect(own))?.status).toBe("running");
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
