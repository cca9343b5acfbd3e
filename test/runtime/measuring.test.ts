import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createDockerRuntime } from "../../src/runtime/docker/docker-runtime.ts";

const measured = JSON.stringify({
  memory_stats: { usage: 4096, stats: {} },
  cpu_stats: { cpu_usage: { total_usage: 0 }, system_cpu_usage: 0, online_cpus: 1 },
  precpu_stats: { cpu_usage: { total_usage: 0 } },
  pids_stats: { current: 1 },
});

/** An engine that measures as long as it is told to; it counts what it was asked for, and how much at a time. */
async function openSlowEngine() {
  const waiting: (() => void)[] = [];
  const seen = { asked: 0, mostAtATime: 0 };
  const server = createServer((_request, response) => {
    seen.asked++;
    waiting.push(() => response.end(measured));
    seen.mostAtATime = Math.max(seen.mostAtATime, waiting.length);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const dockerHost = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`; // not of a pipe
  const runtime = createDockerRuntime({
    dockerHost,
    deployment: "test",
    image: "none",
    log: pino({ level: "silent" }),
  });
  onTestFinished(async () => {
    await runtime.close();
    server.closeAllConnections();
    server.close();
  });
  const answerAll = () => {
    for (const answer of waiting.splice(0)) answer();
  };
  return { runtime, seen, answerAll };
}

const manyContainers = Array.from({ length: 100 }, (_none, index) => `computer-${index}`);

test("however many computers are asked about, the engine measures a few at a time, and all in the end", async () => {
  const { runtime, seen, answerAll } = await openSlowEngine();
  let left = manyContainers.length;
  const all = manyContainers.map((container) => runtime.stats(container).finally(() => left--));
  await expect
    .poll(() => {
      answerAll();
      return left;
    })
    .toBe(0);
  for (const { pids } of await Promise.all(all)) expect(pids).toBe(1);
  expect(seen).toEqual({ asked: manyContainers.length, mostAtATime: 8 });
});

test("the engine is not asked to measure for a caller who has gone", async () => {
  const { runtime, seen } = await openSlowEngine();
  const gone = new AbortController();
  const all = Promise.allSettled(manyContainers.map((container) => runtime.stats(container, gone.signal)));
  await expect.poll(() => seen.asked).toBe(8);
  gone.abort();
  expect((await all).every(({ status }) => status === "rejected")).toBe(true);
  expect(seen.asked).toBe(8);
});
