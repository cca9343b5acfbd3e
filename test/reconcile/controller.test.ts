import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { unavailable } from "../../src/errors.ts";
import { createController } from "../../src/reconcile/controller.ts";
import { startTestGateway } from "../support/gateway.ts";

afterEach(() => void vi.useRealTimers());

/** A controller with one run that ends when the test says so. */
async function startBusyController() {
  const logged: string[] = [];
  const gateway = await startTestGateway({
    env: { RAWORC_DRAIN_SECONDS: "3", LOG_LEVEL: "warn" },
    logTo: { write: (line) => void logged.push(line) },
  });
  onTestFinished(() => gateway.stop());
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  const run = Promise.withResolvers<object>();
  const controller = createController(gateway.gateway, [
    { name: "images", concurrency: 1, wants: () => null, keys: async () => ["large"], reconcile: () => run.promise },
  ]);
  await controller.start();
  let stopped = false;
  const stop = () => controller.stop().then(() => void (stopped = true));
  return { stop, end: () => run.resolve({}), isStopped: () => stopped, logged };
}

test("stopping waits for what runs", async () => {
  const { stop, end, isStopped, logged } = await startBusyController();
  const stopping = stop();
  await vi.advanceTimersByTimeAsync(12_900);
  expect(isStopped()).toBe(false);
  end();
  await stopping;
  expect(logged).toEqual([]);
});

test("stopping does not wait for ever: ten seconds after the grace time it says what is left, and goes on", async () => {
  const { stop, end, isStopped, logged } = await startBusyController();
  onTestFinished(end);
  const stopping = stop();
  await vi.advanceTimersByTimeAsync(13_000);
  expect(isStopped()).toBe(true);
  await stopping;
  expect(logged.join("")).toContain('"reconcilers":["images"]');
});

test.each([
  { error: unavailable("Docker is away; start it"), told: "will try again: Docker is away; start it", stack: false },
  { error: new Error("a bug"), told: "will try again", stack: true },
])("what fails is told with a stack only where it may be a bug: $error.message", async ({ error, told, stack }) => {
  const logged: string[] = [];
  const logTo = { write: (line: string) => void logged.push(line) };
  const gateway = await startTestGateway({ env: { LOG_LEVEL: "warn" }, logTo });
  onTestFinished(() => gateway.stop());
  const reconcile = () => Promise.reject(error);
  const reconciler = { name: "images", concurrency: 1, wants: () => null, keys: async () => ["all"], reconcile };
  const controller = createController(gateway.gateway, [reconciler]);
  onTestFinished(() => controller.stop());
  await controller.start();
  await controller.quiet();
  const line = JSON.parse(logged[0] ?? "{}");
  expect(line).toMatchObject({ msg: told, reconciler: "images", key: "all" });
  expect(Boolean(line.err?.stack)).toBe(stack);
});
