import { beforeAll, describe, expect, test } from "vitest";
import { type OpenRuntime, type RuntimeCapabilities, refusal, run, letTimePass, testWith, useWorld } from "./world.ts";

/** Commands that run to their end. */
export function describeCommands(open: OpenRuntime, capabilities: RuntimeCapabilities): void {
  describe("commands", () => {
    const world = useWorld(open, capabilities);
    const { processes, liveOutput } = capabilities;
    let container = "";
    beforeAll(async () => {
      container = await world.newRunning();
    }, 60_000);

    test("the exit code and both outputs come back", async () => {
      const ran = await run(world.runtime, container, "echo out; echo err >&2; exit 3");
      expect(ran).toMatchObject({ end: "exited", exitCode: 3, stdout: "out\n", stderr: "err\n" });
      expect((await run(world.runtime, container, ["true"])).exitCode).toBe(0);
    });

    test("arguments arrive as they are, without a shell between", async () => {
      const odd = ["a b", "$HOME", "'", '"', "*", "", "-n", "two\nlines"];
      const ran = await run(world.runtime, container, ["printf", "<%s>", ...odd]);
      expect(ran.stdout).toBe(odd.map((argument) => `<${argument}>`).join(""));
    });

    test("it reads the given input, and an empty one when none is given", async () => {
      expect((await run(world.runtime, container, ["cat"], { stdin: "héllo" })).stdout).toBe("héllo");
      expect((await run(world.runtime, container, ["cat"])).stdout).toBe("");
    });

    test("whoever waits for it to begin is told so before it has printed anything", async () => {
      const told: string[] = [];
      await world.runtime.exec(container, {
        argv: ["echo", "hello"],
        timeoutMs: 10_000,
        onStart: () => void told.push("started"),
        onOutput: (chunk) => void told.push(Buffer.from(chunk).toString()),
      });
      expect(told).toEqual(["started", "hello\n"]);
    });

    test("binary input and output survive", async () => {
      const content = Uint8Array.from({ length: 256 }, (_, index) => index);
      const pieces: Uint8Array[] = [];
      await world.runtime.exec(container, {
        argv: ["cat"],
        stdin: content,
        timeoutMs: 10_000,
        onOutput: (chunk) => void pieces.push(Uint8Array.from(chunk)),
      });
      expect(Buffer.compare(Buffer.concat(pieces), content)).toBe(0);
    });

    test("a command that does not read its input ends all the same", async () => {
      const ran = await run(world.runtime, container, ["true"], { stdin: "x".repeat(500_000) });
      expect(ran).toMatchObject({ end: "exited", exitCode: 0 });
    });

    test("it starts in /agent, or in the folder asked for", async () => {
      await run(world.runtime, container, "mkdir -p sub/deep; echo here > sub/deep/mark");
      expect((await run(world.runtime, container, ["ls"])).stdout).toContain("sub");
      for (const cwd of ["/agent/sub/deep", "/agent/sub/../sub/deep/"]) {
        expect((await run(world.runtime, container, ["cat", "mark"], { cwd })).stdout).toBe("here\n");
      }
    });

    test("the environment has what was given, a HOME and a PATH", async () => {
      const env = { GREETING: "hi there", TOKEN: "s3cret=&'\"" };
      const ran = await run(world.runtime, container, 'echo "$GREETING|$TOKEN"; test -n "$HOME" && test -n "$PATH"', {
        env,
      });
      expect(ran).toMatchObject({ exitCode: 0, stdout: "hi there|s3cret=&'\"\n" });
    });

    test("one command's environment does not reach the next", async () => {
      await run(world.runtime, container, "export LEFT=1; true", { env: { GIVEN: "1" } });
      expect((await run(world.runtime, container, 'echo "[$GIVEN$LEFT]"')).stdout).toBe("[]\n");
    });

    test("nothing of the gateway's own environment is in a command's", async () => {
      process.env["RAWORC_SUITE_KEY"] = "gateway-only";
      const ran = await run(world.runtime, container, ["env"]);
      delete process.env["RAWORC_SUITE_KEY"];
      expect(ran.exitCode).toBe(0);
      expect(ran.stdout).not.toContain("gateway-only");
    });

    test("a secret given to a command is not in inspect, list or labels", async () => {
      const env = { TOKEN: "do-not-store-me" };
      const seen: string[] = [];
      await run(world.runtime, container, "echo started", {
        env,
        onOutput: async () => {
          seen.push(JSON.stringify([await world.runtime.inspect(container), await world.runtime.list()]));
        },
      });
      expect(seen).not.toHaveLength(0);
      expect(seen.join()).not.toContain("do-not-store-me");
    });

    test("a missing program is exit code 127 or 126 and not an exception", async () => {
      const ran = await run(world.runtime, container, ["no-such-program", "argument"]);
      expect(ran.end).toBe("exited");
      expect([126, 127]).toContain(ran.exitCode);
    });

    testWith(processes)("a program ended by a signal has 128 and the signal's number", async () => {
      expect(await run(world.runtime, container, "kill -TERM $$")).toMatchObject({ end: "exited", exitCode: 143 });
    });

    testWith(liveOutput)("both outputs come in the order they were written", async () => {
      const ran = await run(
        world.runtime,
        container,
        "echo 1; sleep 0.1; echo 2 >&2; sleep 0.1; echo 3; sleep 0.1; echo 4 >&2",
      );
      expect(ran.order).toEqual(["stdout", "stderr", "stdout", "stderr"]);
    });

    test("pieces of output are handed over one at a time", async () => {
      let taking = 0;
      let most = 0;
      const onOutput = async () => {
        most = Math.max(most, ++taking);
        await new Promise(setImmediate);
        taking -= 1;
      };
      await run(world.runtime, container, "for i in 1 2 3 4 5 6 7 8; do echo $i; echo $i >&2; done", { onOutput });
      expect(most).toBe(1);
    });

    test("10 MB of output arrive whole", async () => {
      await world.runtime.files.write(container, "big", new Uint8Array(10_000_000).fill(120));
      let total = 0;
      const ran = await run(world.runtime, container, ["cat", "big"], {
        onOutput: (chunk) => void (total += chunk.length),
      });
      expect(ran.end).toBe("exited");
      expect(total).toBe(10_000_000);
      await world.runtime.files.remove(container, "big");
    });

    testWith(liveOutput)("output nobody takes holds the command back and does not pile up in memory", async () => {
      const script = "head -c 60000000 /dev/zero; echo > finished";
      const first = Promise.withResolvers<void>();
      const taken = Promise.withResolvers<void>();
      const onOutput = () => {
        first.resolve();
        return taken.promise;
      };
      const before = process.memoryUsage().arrayBuffers;
      const running = run(world.runtime, container, script, { onOutput });
      await first.promise;
      await letTimePass(world.runtime, container, 0.5);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
      await expect(world.runtime.files.stat(container, "finished")).rejects.toMatchObject(refusal("NOT_FOUND"));
      taken.resolve();
      expect(await running).toMatchObject({ end: "exited", exitCode: 0 });
      await world.runtime.files.stat(container, "finished");
    });

    testWith(liveOutput)("what a taker of output throws ends the command and comes back", async () => {
      const running = run(world.runtime, container, "echo first; sleep 20", {
        onOutput: () => Promise.reject(new Error("no longer the owner")),
      });
      await expect(running).rejects.toThrow("no longer the owner");
    });

    test("commands beside each other keep apart", async () => {
      const texts = ["one", "two", "three", "four"];
      const ran = await Promise.all(texts.map((text) => run(world.runtime, container, ["echo", text])));
      expect(ran.map(({ stdout }) => stdout.trim())).toEqual(texts);
    });

    test("no command runs in a container that is made, paused or stopped: CONFLICT", async () => {
      const other = await world.newCreated();
      await expect(run(world.runtime, other, ["true"])).rejects.toMatchObject(refusal("CONFLICT"));
      await world.runtime.ensureRunning(other);
      await world.runtime.ensurePaused(other);
      await expect(run(world.runtime, other, ["true"])).rejects.toMatchObject(refusal("CONFLICT"));
      await world.runtime.ensureStopped(other, 0);
      await expect(run(world.runtime, other, ["true"])).rejects.toMatchObject(refusal("CONFLICT"));
    });

    test("no command runs in a container that is gone: NOT_FOUND", async () => {
      await expect(run(world.runtime, world.newName(), ["true"])).rejects.toMatchObject(refusal("NOT_FOUND"));
    });
  });
}
