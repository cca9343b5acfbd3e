import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OUTPUT_LIMIT_BYTES } from "../../src/engines/output-capture.ts";
import { createShellEngine } from "../../src/engines/shell.ts";
import { unavailable } from "../../src/errors.ts";
import { createTestWorkspace, type TestWorkspace } from "../support/workspace.ts";
import { answerJob, createTestJob, itemFaults, type JobOptions, type TestJob } from "./job.ts";

let computer: TestWorkspace;
beforeEach(async () => {
  computer = await createTestWorkspace();
});
afterEach(() => computer[Symbol.asyncDispose]());

const jobOf = (text: string, options: Partial<JobOptions> = {}) => createTestJob({ computer, text, ...options });
const answer = (job: TestJob) => answerJob(createShellEngine(), job);
const resultOf = (job: TestJob) => job.items.find(({ type }) => type === "tool_result")?.["output"];

describe("a response of the shell engine", () => {
  test("runs its text with bash in /agent and answers with the output", async () => {
    const job = jobOf("echo hello > greeting; cat greeting");
    expect(await answer(job)).toEqual({ status: "completed", text: "hello\n" });
    expect(job.items).toEqual([
      { type: "tool_call", tool: "bash", args: { command: job.text, cwd: "/agent" } },
      { type: "tool_result", tool: "bash", output: "[exit_code:0]\nhello\n" },
      { type: "final", channel: "final", text: "hello\n" },
    ]);
    expect(await readFile(join(computer.folder, "greeting"), "utf8")).toBe("hello\n");
  });

  test("records the call before the command runs", async () => {
    const ran: number[] = [];
    await answer(jobOf("true", { beforeAppend: () => ran.push(computer.commands.length) }));
    expect(ran).toEqual([0, 1, 1]);
  });

  test("shows stdout and stderr while they come", async () => {
    const job = jobOf("echo out; echo err >&2");
    await answer(job);
    expect(job.shown("stdout")).toBe("out\n");
    expect(job.shown("stderr")).toBe("err\n");
  });

  test("gives the command the secrets of the agent as environment", async () => {
    const job = jobOf('printf %s "$TOKEN"', { environment: { TOKEN: "t0k3n" } });
    expect(await answer(job)).toMatchObject({ text: "t0k3n" });
  });

  test("fails with the exit code as evidence when the command fails, and keeps its output", async () => {
    const job = jobOf("echo before; exit 3");
    expect(await answer(job)).toEqual({
      status: "failed",
      text: "before\n",
      failure: {
        reason: "COMMAND_FAILED",
        message: "The command ended with exit code 3",
        evidence: { exitCode: 3 },
      },
    });
    expect(resultOf(job)).toBe("[exit_code:3]\nbefore\n");
    expect(itemFaults(job.items)).toEqual([]);
  });

  test("runs a script that is too long for an argument", async () => {
    const job = jobOf(`${"# padding\n".repeat(20_000)}echo done`);
    expect(await answer(job)).toEqual({ status: "completed", text: "done\n" });
  });

  test("refuses a text with a NUL character and runs nothing", async () => {
    expect(await answer(jobOf("echo a\0b"))).toMatchObject({ status: "failed", failure: { reason: "COMMAND_FAILED" } });
    expect(computer.commands).toEqual([]);
  });

  test("keeps the beginning and the end of long output and says how much is left out", async () => {
    const job = jobOf("echo first; head -c 200000 /dev/zero | tr '\\0' x; echo; echo last");
    await answer(job);
    const output = String(resultOf(job));
    const leftOut = Number(/\[… (\d+) bytes left out …\]/.exec(output)?.[1]);
    expect(output).toMatch(/^\[exit_code:0\]\nfirst\nx+/);
    expect(output).toMatch(/x\nlast\n$/);
    expect(leftOut).toBe(200_000 + "first\n\nlast\n".length - OUTPUT_LIMIT_BYTES);
    expect(job.shown("stdout")).toHaveLength(200_000 + "first\n\nlast\n".length);
  });

  test("stops at once when it is aborted, and throws the reason", async () => {
    const reason = new Error("cancelled by the user");
    const job = jobOf("echo started; sleep 100", { onDelta: (running) => running.abort(reason) });
    await expect(answer(job)).rejects.toBe(reason);
    expect(job.items.map(({ type }) => type)).toEqual(["tool_call"]);
  });

  test.each([
    { outOfMemory: false, reason: "COMPUTER_LOST", words: "the computer was lost" },
    { outOfMemory: true, reason: "OUT_OF_MEMORY", words: "the computer ran out of memory" },
  ])("ends as $reason with an honest result when the computer dies", async ({ outOfMemory, reason, words }) => {
    const job = jobOf("echo started; sleep 100", { onDelta: () => computer.lose({ outOfMemory }) });
    expect(await answer(job)).toMatchObject({ status: "failed", failure: { reason } });
    expect(resultOf(job)).toMatch(/^\[exit_code:none\]\nstarted\n\[/);
    expect(resultOf(job)).toContain(words);
    expect(itemFaults(job.items)).toEqual([]);
  });

  test("ends as COMPUTER_LOST when the computer cannot be had", async () => {
    const run = () => Promise.reject(unavailable("The computer could not be started"));
    const job = jobOf("true", { computer: { ...computer, run } });
    expect(await answer(job)).toMatchObject({ failure: { reason: "COMPUTER_LOST" } });
    expect(resultOf(job)).toBe("[exit_code:none]\n[The computer could not be started]");
  });

  test("ends as TIMEOUT when the computer's own limit ends the command", async () => {
    const run: TestWorkspace["run"] = (command) => computer.run({ ...command, timeoutMs: 1 });
    const job = jobOf("sleep 100", { computer: { ...computer, run } });
    expect(await answer(job)).toMatchObject({ failure: { reason: "TIMEOUT" } });
    expect(itemFaults(job.items)).toEqual([]);
  });
});

describe("a response of the shell engine after a restart of the gateway", () => {
  const call = { type: "tool_call", tool: "bash", args: { command: "touch again", cwd: "/agent" } };

  test("fails as INTERRUPTED with an honest result and runs nothing again", async () => {
    const job = jobOf("touch again", { recorded: [call] });
    expect(await answer(job)).toMatchObject({ status: "failed", failure: { reason: "INTERRUPTED" } });
    expect(resultOf(job)).toContain("the gateway restarted");
    expect(itemFaults(job.items)).toEqual([]);
    expect(computer.commands).toEqual([]);
  });

  test("ends as the command ended when its result was recorded", async () => {
    const result = { type: "tool_result", tool: "bash", output: "[exit_code:2]\nno\n" };
    const job = jobOf("touch again", { recorded: [call, result] });
    expect(await answer(job)).toMatchObject({
      text: "no\n",
      failure: { reason: "COMMAND_FAILED", evidence: { exitCode: 2 } },
    });
    expect(job.items.at(-1)).toEqual({ type: "final", channel: "final", text: "no\n" });
    expect(computer.commands).toEqual([]);
  });

  test("does not repeat a final item that was recorded", async () => {
    const result = { type: "tool_result", tool: "bash", output: "[exit_code:0]\nyes\n" };
    const recorded = [call, result, { type: "final", channel: "final", text: "yes\n" }];
    const job = jobOf("touch again", { recorded });
    expect(await answer(job)).toEqual({ status: "completed", text: "yes\n" });
    expect(job.items).toEqual(recorded);
  });
});
