import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Runtime, RuntimeEvent } from "../../src/runtime/runtime.ts";
import { type PrivateEngine, startPrivateEngine } from "./private-engine.ts";
import { newName, openTestRuntime, run, startComputer, testImage } from "./world.ts";

describe("a computer that needs more than there is", () => {
  let engine: PrivateEngine;
  let runtime: Runtime;
  beforeAll(async () => {
    engine = await startPrivateEngine({ diskBytes: 700 * 1_048_576 });
    runtime = openTestRuntime({ dockerHost: engine.dockerHost });
    await runtime.ensureImage(testImage);
  }, 180_000);
  afterAll(async () => {
    await runtime.close();
    await engine.stop();
  }, 60_000);

  const greedy = { memoryBytes: 64 * 1_048_576, cpus: 1, pids: 64 };
  const eatMemory = "python3 -c 'b = bytearray(200 * 1024 * 1024); b[:] = b\"x\" * len(b)'";

  test("a command that takes too much memory is killed; the computer and its other commands go on", async () => {
    const computer = await startComputer(runtime, { limits: greedy });
    const beside = run(runtime, computer, "sleep 1; echo unharmed");
    expect(await run(runtime, computer, eatMemory)).toMatchObject({ end: "exited", exitCode: 137 });
    expect((await beside).stdout).toBe("unharmed\n");
    expect(await runtime.inspect(computer)).toMatchObject({ status: "running", outOfMemory: false });
  });

  test("an out-of-memory kill is announced", async () => {
    const computer = await startComputer(runtime, { limits: greedy });
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 20_000);
    const seen: RuntimeEvent[] = [];
    for await (const event of runtime.events(stop.signal)) {
      if (event.kind === "connected") void run(runtime, computer, eatMemory);
      else if ("container" in event && event.container === computer) {
        seen.push(event);
        stop.abort();
      }
    }
    clearTimeout(timer);
    expect(seen).toMatchObject([{ kind: "outOfMemory", labels: { "raworc.computer": computer } }]);
  });

  test("more processes than allowed fail, and the computer goes on", async () => {
    const computer = await startComputer(runtime);
    const script = "for i in $(seq 100); do sleep 5 & done 2>&1; wait";
    await runtime.exec(computer, { argv: ["bash", "-c", script], timeoutMs: 2_000 });
    expect((await run(runtime, computer, "echo works")).stdout).toBe("works\n");
  });

  test("a full disk is said in those words, by commands, files, copies and the engine", {
    timeout: 120_000,
  }, async () => {
    const full: unknown = expect.stringMatching(/no space left on device/i);
    // The test's disk is memory, which counts against the limit of whoever fills it.
    const computer = await startComputer(runtime, { limits: { ...greedy, memoryBytes: 2048 * 1_048_576 } });
    const small = newName();
    await runtime.ensureVolume(small, {});
    await run(runtime, computer, "echo x > a; head -c 3000000 /dev/zero > three");
    const filled = await run(runtime, computer, "dd if=/dev/zero of=big bs=1M; true");
    expect(filled.stderr).toMatch(/no space left on device/i);

    const write = runtime.files.write(computer, "more", new Uint8Array(1_000_000));
    await expect(write).rejects.toMatchObject({ code: "UNAVAILABLE", message: full });
    expect((await runtime.files.list(computer, ".")).map(({ name }) => name).toSorted()).toEqual(["a", "big", "three"]);

    const copy = runtime.copyVolume(computer, small, { code: true, content: true });
    await expect(copy).rejects.toMatchObject({ code: "UNAVAILABLE", message: full });

    const made = startComputer(runtime, { limits: greedy });
    await expect(made).rejects.toMatchObject({ code: "UNAVAILABLE", message: full });

    await runtime.files.remove(computer, "big");
    await runtime.copyVolume(computer, small, { code: true, content: true });
  });
});
