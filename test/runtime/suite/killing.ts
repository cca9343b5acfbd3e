import { beforeAll, describe, expect, test } from "vitest";
import { type OpenRuntime, type RuntimeCapabilities, letTimePass, run, testWith, useWorld } from "./world.ts";

/** A stubborn grandchild that left its group, and a parent that says when the grandchild is there. */
const stubbornTree = (beat: string) => `
  setsid sh -c 'trap "" TERM HUP INT; while :; do echo x >> ${beat}; sleep 0.02; done' > /dev/null 2>&1 &
  until [ -s ${beat} ]; do sleep 0.02; done
  echo ready
  sleep 60`;

/** Commands that are ended before their end. */
export function describeKilling(open: OpenRuntime, capabilities: RuntimeCapabilities): void {
  describe("ending commands", () => {
    const world = useWorld(open, capabilities);
    const { processes, secondGateway, liveOutput } = capabilities;
    let container = "";
    beforeAll(async () => {
      container = await world.newRunning();
    }, 60_000);

    const sizeOf = async (beat: string) => (await world.runtime.files.stat(container, beat)).size;
    async function expectSilence(beat: string) {
      const before = await sizeOf(beat);
      await letTimePass(world.runtime, container);
      expect(await sizeOf(beat)).toBe(before);
    }

    test("a command past its time limit is ended and says so", async () => {
      const ran = await run(world.runtime, container, "sleep 60", { timeoutMs: 100 });
      expect(ran).toMatchObject({ end: "timedOut", exitCode: null });
    });

    test("an aborted command is ended and says so", async () => {
      const abort = new AbortController();
      const running = run(world.runtime, container, "sleep 60", { signal: abort.signal });
      setImmediate(() => abort.abort());
      expect(await running).toMatchObject({ end: "aborted", exitCode: null });
    });

    test("a command whose signal was aborted before does not start", async () => {
      const ran = await run(world.runtime, container, "echo > never-started", { signal: AbortSignal.abort() });
      expect(ran).toMatchObject({ end: "aborted", exitCode: null });
      expect((await world.runtime.files.list(container, ".")).map(({ name }) => name)).not.toContain("never-started");
    });

    testWith(liveOutput)("what a command printed before its end by time is not lost", async () => {
      expect((await run(world.runtime, container, "echo before; sleep 60", { timeoutMs: 1000 })).stdout).toBe(
        "before\n",
      );
    });

    testWith(processes)("the time limit ends the whole tree, also a grandchild that left its group", async () => {
      const ran = await run(world.runtime, container, stubbornTree("beat-timeout"), { timeoutMs: 1500 });
      expect(ran).toMatchObject({ end: "timedOut", stdout: "ready\n" });
      await expectSilence("beat-timeout");
    });

    testWith(processes)("aborting ends the whole tree, also a grandchild that left its group", async () => {
      const abort = new AbortController();
      const onOutput = () => abort.abort();
      const ran = await run(world.runtime, container, stubbornTree("beat-abort"), { signal: abort.signal, onOutput });
      expect(ran).toMatchObject({ end: "aborted", exitCode: null });
      await expectSilence("beat-abort");
    });

    testWith(processes)("time runs also while nobody takes the output", async () => {
      const waiting = new Promise<void>((resolve) => setTimeout(resolve, 1500));
      const ran = await run(world.runtime, container, "yes", { timeoutMs: 300, onOutput: () => waiting });
      expect(ran.end).toBe("timedOut");
    });

    test("a command in a container that is stopped meanwhile is lost, not failed", async () => {
      const other = await world.newRunning();
      // The stop may come before the command has begun, which is a conflict then.
      const outcome = run(world.runtime, other, "sleep 60").then(
        ({ end }) => end,
        (error: { code: string }) => error.code,
      );
      await world.runtime.ensureStopped(other, 0);
      expect(["containerLost", "CONFLICT"]).toContain(await outcome);
    });

    testWith(processes)("stopping a container ends everything in it, and its command is lost", async () => {
      const volume = await world.newVolume();
      const other = await world.newRunning({ volume });
      const running = run(world.runtime, other, stubbornTree("beat-stop"), {
        onOutput: () => void world.runtime.ensureStopped(other, 0),
      });
      expect(await running).toMatchObject({ end: "containerLost", exitCode: null });
      await world.runtime.ensureStopped(other, 0);
      await world.runtime.removeContainer(other);
      const next = await world.newRunning({ volume });
      const before = (await world.runtime.files.stat(next, "beat-stop")).size;
      await letTimePass(world.runtime, next);
      expect((await world.runtime.files.stat(next, "beat-stop")).size).toBe(before);
    });

    testWith(processes)("a paused container stands still and goes on where it was", async () => {
      const other = await world.newRunning();
      const abort = new AbortController();
      let beats = 0;
      let awake: () => void = () => undefined;
      const running = run(world.runtime, other, "while :; do echo x; sleep 0.02; done", {
        signal: abort.signal,
        onOutput: () => {
          beats += 1;
          awake();
        },
      });
      await letTimePass(world.runtime, container);
      await world.runtime.ensurePaused(other);
      await letTimePass(world.runtime, container, 0.1); // what was on its way arrives
      const frozen = beats;
      await letTimePass(world.runtime, container);
      expect(frozen).toBeGreaterThan(0);
      expect(beats).toBe(frozen);

      const beaten = new Promise<void>((resolve) => (awake = resolve));
      await world.runtime.ensureRunning(other);
      await beaten;
      abort.abort();
      expect((await running).end).toBe("aborted");
    });

    testWith(secondGateway)("a gateway that was started again ends what the one before left running", async () => {
      const running = run(world.runtime, container, stubbornTree("beat-left"), {
        onOutput: async () => {
          const second = await open();
          await second.killCommands(container);
          await second.killCommands(container);
          await second.close();
        },
      });
      expect((await running).exitCode).not.toBe(0);
      await expectSilence("beat-left");
      expect((await world.runtime.inspect(container))?.status).toBe("running");
    });

    test("ending commands where none runs is done already", async () => {
      await world.runtime.killCommands(container);
      expect((await run(world.runtime, container, ["echo", "alive"])).stdout).toBe("alive\n");
    });
  });
}
