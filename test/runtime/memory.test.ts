import { describe, expect, test } from "vitest";
import { conflict } from "../../src/errors.ts";
import { createMemoryRuntime } from "../../src/runtime/memory/memory-runtime.ts";
import type { Runtime, RuntimeEvent } from "../../src/runtime/runtime.ts";
import { describeRuntime } from "./suite.ts";
import { refusal, run } from "./suite/world.ts";

const deployment = "memory-test";

const memory = createMemoryRuntime({ deployment });

describeRuntime("memory", async () => memory, {
  deployment,
  image: "none",
  processes: "simulated commands are no processes",
  liveOutput: "simulated commands show their output when they have ended",
  secondGateway: "simulated computers end with the gateway",
  mainProcess: "simulated main processes do nothing by themselves",
  endMain: async (_runtime, container) => memory.die(container),
});

describe("what tests can do to the memory runtime", () => {
  async function newRunning(runtime: Runtime): Promise<string> {
    await runtime.ensureVolume("volume", {});
    const limits = { memoryBytes: 1, cpus: 1, pids: 1 };
    await runtime.ensureContainer({
      name: "one",
      image: "none",
      volume: "volume",
      network: "NONE",
      limits,
      labels: {},
    });
    await runtime.ensureRunning("one");
    return "one";
  }

  /** Collects events until the given kind came. */
  async function eventsUntil(runtime: Runtime, last: RuntimeEvent["kind"], whenConnected: () => unknown) {
    const abort = new AbortController();
    const kinds: string[] = [];
    for await (const { kind } of runtime.events(abort.signal)) {
      kinds.push(kind);
      if (kinds.length === 1) await whenConnected();
      else if (kind === last) abort.abort();
    }
    return kinds;
  }

  test("a death by memory is announced as both, and loses the running command", async () => {
    const runtime = createMemoryRuntime();
    const container = await newRunning(runtime);
    const running = run(runtime, container, "sleep 60");
    const kinds = await eventsUntil(runtime, "died", () => runtime.die(container, { outOfMemory: true }));
    expect(kinds).toEqual(["connected", "outOfMemory", "died"]);
    expect((await running).end).toBe("containerLost");
    expect(await runtime.inspect(container)).toMatchObject({ status: "stopped", outOfMemory: true });
  });

  test("an engine that is away refuses every call, says nothing, and announces that it is back", async () => {
    const runtime = createMemoryRuntime();
    const container = await newRunning(runtime);
    const running = run(runtime, container, "sleep 60");
    const kinds = await eventsUntil(runtime, "connected", async () => {
      runtime.away(true);
      expect((await running).end).toBe("containerLost");
      runtime.die(container);
      runtime.away(false);
    });
    expect(kinds).toEqual(["connected", "connected"]);

    runtime.away(true);
    for (const call of [
      () => runtime.ping(),
      () => runtime.list(),
      () => runtime.inspect(container),
      () => runtime.files.list(container, "."),
      () => run(runtime, container, ["true"]),
    ]) {
      await expect(call()).rejects.toMatchObject(refusal("UNAVAILABLE"));
    }
    runtime.away(false);
    expect(await runtime.inspect(container)).toMatchObject({ status: "stopped" });
  });

  test("a call can be made to fail, once for each time it was said", async () => {
    const runtime = createMemoryRuntime();
    runtime.failNext("ensureVolume", conflict("not now"));
    await expect(runtime.ensureVolume("volume", {})).rejects.toThrow("not now");
    await runtime.ensureVolume("volume", {});
    expect(runtime.calls("ensureVolume")).toBe(2);
  });

  test("a call can be stopped before it does anything, and let go", async () => {
    const runtime = createMemoryRuntime();
    const container = await newRunning(runtime);
    const release = runtime.hold("ensureStopped");
    const stopping = runtime.ensureStopped(container);
    await release.reached;
    expect((await runtime.inspect(container))?.status).toBe("running");
    release();
    await stopping;
    expect((await runtime.inspect(container))?.status).toBe("stopped");
  });
});
