import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEngineDirectly, openTestRuntime, removeComputer, run, startComputer } from "./world.ts";

describe("ending a command that does not want to end", () => {
  const runtime = openTestRuntime();
  let computer = "";
  beforeAll(async () => {
    computer = await startComputer(runtime);
  }, 180_000);
  afterAll(async () => {
    await removeComputer(runtime, computer);
    await runtime.close();
  });

  /** Programs that run in the computer besides its main process and the question itself. */
  const alive = async () => {
    const { stdout } = await run(
      runtime,
      computer,
      "for p in /proc/[0-9]*; do echo $(tr '\\0' ' ' < $p/cmdline); done",
    );
    return stdout.split("\n").filter((line) => /beat|sleep [0-9]|forever/.test(line) && !line.includes("cmdline"));
  };
  const timedOut = (script: string, timeoutMs = 1_000) =>
    runtime.exec(computer, { argv: ["sh", "-c", script], timeoutMs });

  test.each([
    ["that cleaned its environment", "env -i sleep 301"],
    ["whose child left its group and cleaned its environment", "setsid env -i sleep 302 & sleep 60"],
    ["that became a daemon and cleaned its environment", "(setsid env -i sh -c 'sleep 303 & sleep 304' &) ; sleep 60"],
    ["that ignores every signal it can", "trap '' TERM INT HUP QUIT; while :; do sleep 305; done"],
    ["that stopped itself", "kill -STOP $$; sleep 306"],
  ])("a command %s leaves nothing behind", async (_what, script) => {
    expect(await timedOut(script)).toEqual({ end: "timedOut", exitCode: null });
    expect(await alive()).toEqual([]);
    expect((await runtime.inspect(computer))?.status).toBe("running");
  });

  test("what an earlier command left running on purpose outlives the end of a later one", async () => {
    await run(runtime, computer, "setsid sleep 400 > /dev/null 2>&1 &");
    await timedOut("sleep 401");
    expect(await alive()).toEqual(["sleep 400"]);
    await openTestRuntime().killCommands(computer);
    expect(await alive()).toEqual([]);
  });

  test("a fork bomb is ended, and the computer works afterwards or was stopped", { timeout: 60_000 }, async () => {
    // The shell begins no process once the bomb has been set off: where it could not, it would end by itself.
    const bomb = await timedOut("(b() { b | b & }; b) & exec sleep 60", 2_000);
    expect(bomb.end).toBe("timedOut");
    const state = await runtime.inspect(computer);
    if (state?.status === "stopped") await runtime.ensureRunning(computer);
    expect(await run(runtime, computer, "echo works")).toMatchObject({ exitCode: 0, stdout: "works\n" });
    const { pids_stats: processes } = await openEngineDirectly().getContainer(computer).stats({ stream: false });
    expect(processes?.current).toBeLessThan(10);
  });

  test("a command that runs out of time in a frozen container is ended when it is thawed", async () => {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const argv = ["sh", "-c", "echo begun; exec sleep 500"];
    const running = runtime.exec(computer, { argv, timeoutMs: 1_500, onOutput: () => resolve() });
    await begun;
    await runtime.ensurePaused(computer);
    expect((await running).end).toBe("timedOut");
    await runtime.ensureRunning(computer);
    expect(await alive()).toEqual([]);
  });

  test("commands that begin while their container stops are lost or refused, and print no words of the engine", async () => {
    const outcomes: unknown[] = [];
    for (let round = 0; round < 6; round += 1) {
      await runtime.ensureRunning(computer);
      const running = run(runtime, computer, "sleep 60").catch(({ code }: { code: string }) => code);
      await runtime.ensureStopped(computer, 0);
      outcomes.push(await running);
    }
    await runtime.ensureRunning(computer);
    const lost = { end: "containerLost", exitCode: null, stdout: "", stderr: "" };
    for (const outcome of outcomes) expect([lost, "CONFLICT"]).toContainEqual(outcome);
  });

  test.each([0, 126, 127, 137])(
    "a line like the engine's own before exit code %i is the command's",
    async (exitCode) => {
      const script = `printf 'cannot exec in a stopped state\\r\\n'; exit ${exitCode}`;
      const printed = { end: "exited", exitCode, stdout: "cannot exec in a stopped state\r\n" };
      expect(await run(runtime, computer, script)).toMatchObject(printed);
    },
  );
});
