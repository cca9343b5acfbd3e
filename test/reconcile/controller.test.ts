import { afterEach, expect, onTestFinished, test, vi } from "vitest";
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
