import { type ChildProcess, spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, describe, expect, test } from "vitest";
import { createProcessRuntime } from "../../src/runtime/process/process-runtime.ts";
import { findSandbox } from "../../src/runtime/process/sandbox.ts";
import { describeRuntime, type RuntimeCapabilities } from "./suite.ts";
import { bytes, letTimePass, run, testWith, useWorld, type World } from "./suite/world.ts";

const log = pino({ level: "silent" });
const dataDir = await mkdtemp(join(tmpdir(), "raworc-process-"));
const sandbox = await findSandbox(dataDir, log);
afterAll(() => rm(dataDir, { recursive: true, force: true }));

describeProcesses(false, describePlain);
if (sandbox) describeProcesses(true, describeSandboxed);
else testWith("bubblewrap is not installed, or the kernel refuses it")("processes in bubblewrap", () => undefined);

function describeProcesses(useSandbox: boolean, describeOwn: (world: World) => void): void {
  const kind = useSandbox ? "sandboxed" : "plain";
  const ownDir = join(dataDir, kind);
  const open = async () => createProcessRuntime({ dataDir: ownDir, deployment: kind, log, useSandbox });
  const capabilities: RuntimeCapabilities = {
    deployment: kind,
    image: "none",
    processes: process.platform === "linux" ? true : "only Linux shows every process of a command",
    liveOutput: true,
    secondGateway: true,
    mainProcess: true,
    endMain: "a process computer has no main process",
  };
  describeRuntime(`process (${kind})`, open, capabilities);

  describe(`${kind} processes`, () => {
    const world = useWorld(open, capabilities);
    describeOwn(world);

    test("leaves nothing running once the next one cleaned up", { timeout: 30_000 }, async () => {
      const container = await world.newRunning();
      const script = `
          setsid sh -c 'while :; do echo x >> beat; sleep 0.02; done' > /dev/null 2>&1 &
          until [ -s beat ]; do sleep 0.02; done; echo ready; sleep 60`;
      const program = join(import.meta.dirname, "process-gateway.ts");
      const words = ["--import", "tsx", program, ownDir, kind, container, String(useSandbox), script];
      const gateway = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
      await once(gateway.stdout, "data");
      gateway.kill("SIGKILL");
      await once(gateway, "exit");

      await world.runtime.killCommands(container);
      const before = (await world.runtime.files.stat(container, "beat")).size;
      await letTimePass(world.runtime, container);
      expect((await world.runtime.files.stat(container, "beat")).size).toBe(before);
    });

    test("many commands at once start one by one, and others get their turn between", async () => {
      const containers = await Promise.all(Array.from({ length: 8 }, () => world.newRunning()));
      const script = "true # together";
      const starts: { readonly process: ChildProcess; readonly turn: number }[] = [];
      const note = (message: unknown) => {
        starts.push({ ...(message as { process: ChildProcess }), turn }); // as Node documents it
      };
      let [turn, isOver] = [0, false];
      const count = () => void (turn++, isOver || setImmediate(count));
      count();
      subscribe("child_process", note);
      await Promise.all(containers.map((container) => run(world.runtime, container, script)));
      unsubscribe("child_process", note);
      isOver = true;
      const own = starts.filter(({ process }) => process.spawnargs.includes(script));
      expect(new Set(own.map((start) => start.turn)).size).toBe(containers.length);
    });

    test("what a command leaves in the background ends with it", async () => {
      const container = await world.newRunning();
      await run(world.runtime, container, "(while :; do echo x >> beat; sleep 0.02; done) & sleep 0.1");
      const before = (await world.runtime.files.stat(container, "beat")).size;
      await letTimePass(world.runtime, container);
      expect((await world.runtime.files.stat(container, "beat")).size).toBe(before);
    });

    test.each(["", "exec env -i"])("an emptied environment hides nothing from the time limit (%j)", async (first) => {
      const container = await world.newRunning();
      const loop = "while :; do echo x >> beat; sleep 0.02; done";
      const script = `env -i setsid sh -c '${loop}' & until [ -s beat ]; do sleep 0.02; done; ${first} sleep 60`;
      const PATH = "/usr/bin:/bin";
      expect((await run(world.runtime, container, script, { timeoutMs: 500, env: { PATH } })).end).toBe("timedOut");
      const before = (await world.runtime.files.stat(container, "beat")).size;
      await letTimePass(world.runtime, container);
      expect((await world.runtime.files.stat(container, "beat")).size).toBe(before);
    });

    test("a command in a container that another gateway process stops is lost", async () => {
      const container = await world.newRunning();
      const running = run(world.runtime, container, "echo ready; sleep 60", {
        onOutput: async () => (await open()).ensureStopped(container),
      });
      expect(await running).toMatchObject({ end: "containerLost", exitCode: null });
    });

    test("a main process ends with its gateway, and the next one starts it again", async () => {
      const volume = await world.newVolume();
      const [lasting, broken] = [world.newName(), world.newName()];
      const first = await open();
      for (const name of [lasting, broken]) {
        const own = name === broken ? await world.newVolume() : volume;
        await first.ensureContainer(world.spec(name, { volume: own, command: ["sh", "-c", "echo up; sleep 600"] }));
        await first.ensureRunning(name);
        if (name === broken) await rm(join(ownDir, "volumes", own), { recursive: true });
      }
      await first.close();
      const second = await open();
      try {
        expect((await second.inspect(lasting))?.status).toBe("running");
        expect((await second.inspect(broken))?.status).toBe("stopped");
        const abort = new AbortController();
        for await (const { text } of second.logs(lasting, { follow: true, signal: abort.signal })) {
          expect(text).toBe("up");
          abort.abort();
        }
      } finally {
        for (const name of [lasting, broken]) await second.removeContainer(name);
        await second.close();
      }
    });

    test("a script stays executable when it is written again", async () => {
      const container = await world.newRunning();
      await world.runtime.files.write(container, "tool", bytes("#!/bin/sh\necho one\n"));
      await run(world.runtime, container, "chmod 0755 tool");
      await world.runtime.files.write(container, "tool", bytes("#!/bin/sh\necho two\n"));
      expect((await run(world.runtime, container, ["./tool"])).stdout).toBe("two\n");
    });

    test("volumes are closed to other users, and go also when folders in them were closed", async () => {
      const volume = await world.newVolume();
      const container = await world.newRunning({ volume });
      expect((await stat(join(ownDir, "volumes", volume))).mode & 0o777).toBe(0o700);
      await run(world.runtime, container, "mkdir -p closed/deep; echo x > closed/deep/file; chmod -R 0500 closed");
      await world.runtime.removeVolume(volume);
      await expect(stat(join(ownDir, "volumes", volume))).rejects.toThrow("ENOENT");
    });
  });
}

function describeSandboxed(world: World): void {
  test("it is uid 1000 with no capabilities, on /agent, before a read-only system", async () => {
    const container = await world.newRunning();
    const ran = await run(
      world.runtime,
      container,
      'id -u; pwd; echo "$HOME $AGENT_HOME"; touch /usr/escaped 2>/dev/null || echo read-only; grep CapEff /proc/self/status',
    );
    expect(ran.stdout).toBe("1000\n/agent\n/agent /agent\nread-only\nCapEff:\t0000000000000000\n");
  });

  test("it sees neither the gateway's files nor other computers nor other processes", async () => {
    const [container, other] = [await world.newRunning(), await world.newRunning()];
    await writeFile(join(dataDir, "master.key"), "key");
    await world.runtime.files.write(other, "private", bytes("private"));
    const ran = await run(world.runtime, container, `ls ${dataDir} ${process.cwd()}; ls /proc | grep -c '^[0-9]'`);
    expect(ran.stderr).toContain("No such file");
    expect(Number(ran.stdout.trim())).toBeLessThan(10);
  });

  test("without network there is only the loopback of its own", async () => {
    const container = await world.newRunning({ network: "NONE" });
    const ran = await run(world.runtime, container, "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '");
    expect(ran.stdout).toBe("lo\n");
  });
}

function describePlain(world: World): void {
  test("its home is the volume's folder, and the warning says that nothing is apart", async () => {
    const container = await world.newRunning();
    const ran = await run(world.runtime, container, 'cd "$AGENT_HOME" && test "$HOME" = "$PWD" && echo same');
    expect(ran.stdout).toBe("same\n");
    expect((await world.runtime.ping()).warning).toContain("without isolation");
  });
}
