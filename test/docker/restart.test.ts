import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Runtime, RuntimeEvent } from "../../src/runtime/runtime.ts";
import { type PrivateEngine, startPrivateEngine } from "./private-engine.ts";
import { openTestRuntime, run, startComputer } from "./world.ts";

const saying = (text: string): unknown => expect.stringContaining(text);

describe("an engine that is killed and started again", () => {
  let engine: PrivateEngine;
  let runtime: Runtime;
  let computer = "";
  const stop = new AbortController();
  const events: RuntimeEvent[] = [];
  let heard: () => void = () => undefined;

  beforeAll(async () => {
    engine = await startPrivateEngine();
    runtime = openTestRuntime({ dockerHost: engine.dockerHost });
    computer = await startComputer(runtime);
  }, 180_000);
  afterAll(async () => {
    stop.abort();
    await runtime.close();
    await engine.stop();
  }, 60_000);

  async function listen(): Promise<void> {
    for await (const event of runtime.events(stop.signal)) {
      events.push(event);
      heard();
    }
  }
  const connections = () => events.filter(({ kind }) => kind === "connected").length;
  async function untilConnected(times: number): Promise<void> {
    while (connections() < times) await new Promise<void>((resolve) => (heard = resolve));
  }
  const attempts = () => [
    () => runtime.ping(),
    () => runtime.list(),
    () => runtime.inspect(computer),
    () => runtime.ensureRunning(computer),
    () => runtime.removeContainer(computer),
    () => run(runtime, computer, "true"),
    () => runtime.files.list(computer, "."),
  ];

  test("calls in between are UNAVAILABLE at once and say what to do; afterwards all is as the engine has it", async () => {
    void listen();
    await untilConnected(1);
    await run(runtime, computer, "echo kept > note");
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const running = runtime.exec(computer, {
      argv: ["sh", "-c", "echo begun; sleep 600"],
      timeoutMs: 60_000,
      onOutput: () => resolve(),
    });
    await begun;

    await engine.kill();
    for (const attempt of attempts()) {
      const began = performance.now();
      await expect(attempt()).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: saying("start it or correct DOCKER_HOST"),
      });
      expect(performance.now() - began).toBeLessThan(3_000);
    }

    await engine.start();
    await untilConnected(2);
    expect(await running).toEqual({ end: "containerLost", exitCode: null });
    const listed = (await runtime.list()).containers.find(({ name }) => name === computer);
    expect(listed?.status).toBe("stopped");
    expect((await runtime.inspect(computer))?.status).toBe("stopped");

    await runtime.ensureRunning(computer);
    expect((await run(runtime, computer, "cat note")).stdout).toBe("kept\n");
  });

  test("events go on after the reconnect", async () => {
    await untilConnected(2);
    const { promise: died, resolve } = Promise.withResolvers<void>();
    heard = () => events.some((event) => event.kind === "died" && event.container === computer) && resolve();
    await runtime.ensureStopped(computer, 0);
    await Promise.race([died, delay(10_000)]);
    expect(events.at(-1)).toMatchObject({ kind: "died", container: computer, labels: { "raworc.computer": computer } });
  });

  test("the first calls after a restart do not stumble over the connections of before", async () => {
    const calls = () => Promise.all([runtime.ping(), runtime.list(), runtime.inspect(computer)]);
    await calls();
    await engine.kill();
    await engine.start();
    const [, { containers }, inspected] = await calls();
    expect(containers.map(({ name }) => name)).toContain(computer);
    expect(inspected?.status).toBe("stopped");
  });

  test("an engine that accepts connections and never answers is UNAVAILABLE within a few seconds", async () => {
    const pid = (await engine.onHost("cat", `${engine.folder}/pid`)).trim();
    process.kill(Number(pid), "SIGSTOP");
    try {
      const began = performance.now();
      await expect(runtime.ping()).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: saying("in time"),
      });
      expect(performance.now() - began).toBeLessThan(4_000);
    } finally {
      process.kill(Number(pid), "SIGCONT");
    }
    expect((await runtime.ping()).version).not.toBe("");
  });
});
