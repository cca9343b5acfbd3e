import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { docker } from "../support/needs.ts";
import { openEngineDirectly, openTestRuntime, removeComputer, run, startComputer } from "./world.ts";

/** The start of a command on its way to the engine. */
interface HeldStart {
  readonly execId: string;
  /** Lets the engine have it. */
  readonly pass: () => void;
  /** Cuts the connection it came by; the engine's side stays. */
  readonly cut: () => void;
}

/** A way to the tests' engine that holds up the first command's start. */
async function openWay() {
  const { promise: held, resolve: hold } = Promise.withResolvers<HeldStart>();
  let isHeld = false;
  const server = createServer((client) => {
    const engine = connect((docker.found ?? "").replace("unix://", ""));
    for (const socket of [client, engine]) socket.on("error", () => undefined);
    engine.pipe(client);
    client.on("data", (chunk: Buffer) => {
      const execId = /^POST \/exec\/(\w+)\/start/.exec(chunk.toString("latin1"))?.[1];
      const pass = () => void engine.write(chunk);
      if (execId === undefined || isHeld) return pass();
      isHeld = true;
      hold({ execId, pass, cut: () => void client.destroy() });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const runtime = openTestRuntime({ dockerHost: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` });
  onTestFinished(() => runtime.close());
  return { runtime, held };
}

/** Makes the limits of calls that are set from now on end when a test says so. */
function holdTime() {
  const over = new AbortController();
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const spy = vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => AbortSignal.any([timeout(ms), over.signal]));
  onTestFinished(() => spy.mockRestore());
  return () => {
    spy.mockRestore();
    over.abort(new DOMException("its time is over", "TimeoutError"));
  };
}

describe("a command whose start the engine does not answer", () => {
  const direct = openTestRuntime();
  let computer = "";
  beforeAll(async () => {
    computer = await startComputer(direct);
  }, 180_000);
  afterAll(async () => {
    await removeComputer(direct, computer);
    await direct.close();
  });

  const argv = ["sh", "-c", "sleep 700 & setsid sleep 701"];
  const alive = async () =>
    (await run(direct, computer, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")).stdout.match(/sleep 70\d/g) ?? [];
  const unavailable = { code: "UNAVAILABLE" };
  /** It began, and was killed. */
  const ended = { Running: false, ExitCode: 137 };
  const stateOf = (execId: string) => openEngineDirectly().getExec(execId).inspect();

  test("in time is ended when it begins after all", async () => {
    const { runtime, held } = await openWay();
    const timeIsUp = holdTime();
    const running = runtime.exec(computer, { argv, timeoutMs: 60_000 });
    const { execId, pass } = await held;
    timeIsUp();
    pass();
    await expect(running).rejects.toMatchObject(unavailable);
    expect(await stateOf(execId)).toMatchObject(ended);
    expect(await alive()).toEqual([]);
  });

  test("because the connection broke is ended before anybody is told", async () => {
    const { runtime, held } = await openWay();
    const running = runtime.exec(computer, { argv, timeoutMs: 60_000 });
    const { execId, pass, cut } = await held;
    pass();
    cut();
    await expect(running).rejects.toMatchObject(unavailable);
    expect(await stateOf(execId)).toMatchObject(ended);
    expect(await alive()).toEqual([]);
  });

  test("and that never reached it is given up, and others run", { timeout: 90_000 }, async () => {
    const { runtime, held } = await openWay();
    const running = runtime.exec(computer, { argv, timeoutMs: 60_000 });
    const { execId, cut } = await held;
    cut();
    await expect(running).rejects.toMatchObject(unavailable);
    expect(await stateOf(execId)).toMatchObject({ Running: false, ExitCode: null });
    expect((await run(runtime, computer, "echo works")).stdout).toBe("works\n");
  });
});
