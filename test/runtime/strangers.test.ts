import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createMemoryRuntime } from "../../src/runtime/memory/memory-runtime.ts";
import { createPoolRuntime } from "../../src/runtime/pool/pool-runtime.ts";

test("calls that come before a host is known to be the right one wait, and fail by its name when it is not", async () => {
  const hosts = ["right", "wrong"].map((name) => ({ name, runtime: createMemoryRuntime() }));
  const { promise: asked, resolve: answer } = Promise.withResolvers<void>();
  const pool = createPoolRuntime({
    hosts,
    hostOf: async (name) => name,
    recognise: async ({ name }) => asked.then(() => (name === "wrong" ? "is a stranger" : null)),
    log: pino({ level: "silent" }),
  });
  onTestFinished(() => pool.close());
  const refused = pool.inspect("wrong").catch((error: unknown) => error);
  const listed = pool.list();
  const removed = pool.removeVolume("wrong").catch((error: unknown) => error);
  answer();
  const words = { code: "UNAVAILABLE", message: 'Host "wrong" is a stranger', facts: { state: "notStarted" } };
  expect(await refused).toMatchObject(words);
  expect(await removed).toMatchObject(words);
  expect((await listed).answered).toEqual(["right"]);
  expect(hosts.map(({ runtime }) => runtime.calls("inspect") + runtime.calls("removeVolume"))).toEqual([0, 0]);
});
