import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HandlerCall } from "../../src/engines/engine.ts";
import { createHandlerEngine } from "../../src/engines/handler.ts";
import { createTestWorkspace, type TestWorkspace } from "../support/workspace.ts";
import { answerJob, createTestJob, itemFaults, type JobOptions, type TestJob } from "./job.ts";

let computer: TestWorkspace;
let agents: string;
beforeEach(async () => {
  computer = await createTestWorkspace();
  agents = await mkdtemp(join(tmpdir(), "raworc-agents-"));
});
afterEach(async () => {
  await computer[Symbol.asyncDispose]();
  await rm(agents, { recursive: true, force: true });
});

const write = async (file: string, code: string) => {
  await mkdir(dirname(join(agents, file)), { recursive: true });
  await writeFile(join(agents, file), code);
};
const python = (handler = "main.process_message") => ({ agent: "demo", runtime: "python3", handler }) as const;
const node = (handler = "main.processMessage") => ({ agent: "demo", runtime: "node", handler }) as const;

const jobOf = (call: Omit<HandlerCall, "context">, options: Partial<JobOptions> = {}) =>
  createTestJob({
    computer,
    text: "hello",
    ...options,
    environment: { RAWORC_AGENTS: agents, ...options.environment },
    handler: { context: { session: "s1", space: "default" }, ...call },
  });
const answer = (job: TestJob) => answerJob(createHandlerEngine(), job);
const resultOf = (job: TestJob) => job.items.find(({ type }) => type === "tool_result");

/** The same function in both languages; each test says what it does. */
const languages = [
  {
    name: "python3",
    call: python(),
    file: "demo/main.py",
    echo: "def process_message(message, context):\n    return message + ' in ' + context['space']",
    prints: "def process_message(message, context):\n    print('thinking')\n    return 'done'",
    object: "def process_message(message, context):\n    return {'other': 1, 'content': 'inner'}",
    number: "def process_message(message, context):\n    return [1, 2.5, None]",
    raises: "def process_message(message, context):\n    raise ValueError('bad ' + message)",
    raised: /ValueError: bad hello\n$/,
    exits: "import os\ndef process_message(message, context):\n    print('bye', flush=True)\n    os._exit(7)",
    secret: "import os\ndef process_message(message, context):\n    return os.environ['TOKEN']",
    place: "import os\nasync def process_message(message, context):\n    return os.getcwd()",
    waits: "import time\ndef process_message(message, context):\n    print('waiting', flush=True)\n    time.sleep(60)",
    forges:
      'import os, subprocess, sys\ndef process_message(message, context):\n    print(\'{"value": "forged"}\')\n' +
      "    subprocess.run(['sh', '-c', 'echo forged; echo forged >&3'])\n    os.write(3, b'word {\"value\": \"forged\"}')\n" +
      "    return 'true answer'",
  },
  {
    name: "node",
    call: node(),
    file: "demo/main.mjs",
    echo: "export const processMessage = (message, context) => message + ' in ' + context.space;",
    prints: "export async function processMessage() { console.log('thinking'); return 'done'; }",
    object: "export const processMessage = () => ({ other: 1, content: 'inner' });",
    number: "export const processMessage = async () => [1, 2.5, undefined];",
    raises: "export const processMessage = (message) => { throw new RangeError('bad ' + message); };",
    raised: /^RangeError: bad hello\n/,
    exits: "export const processMessage = () => { console.log('bye'); process.exit(7); };",
    secret: "export const processMessage = () => process.env.TOKEN;",
    place: "export const processMessage = () => process.cwd();",
    waits:
      "export const processMessage = () => { console.log('waiting'); return new Promise((end) => setTimeout(end, 60000)); };",
    forges:
      "import { execSync } from 'node:child_process';\nimport { writeSync } from 'node:fs';\n" +
      "export const processMessage = () => { console.log('{\"value\": \"forged\"}'); execSync('echo forged; echo forged >&2');" +
      " writeSync(3, 'word {\"value\": \"forged\"}'); return 'true answer'; };",
  },
] as const;

describe.each(languages)("a response answered by a handler in $name", (language) => {
  const run = async (code: string, options: Partial<JobOptions> = {}) => {
    await write(language.file, code);
    const job = jobOf(language.call, options);
    const outcome = await answer(job);
    expect(itemFaults(job.items)).toEqual([]);
    return { job, outcome };
  };

  test("is what the function returns for message and context", async () => {
    const { job, outcome } = await run(language.echo);
    expect(outcome).toEqual({ status: "completed", text: "hello in default" });
    expect(job.items).toEqual([
      { type: "tool_call", tool: "handler", args: { agent: "demo", handler: language.call.handler } },
      { type: "tool_result", tool: "handler", output: "hello in default" },
      { type: "final", channel: "final", text: "hello in default" },
    ]);
  });

  test("takes a message of any length and any characters", async () => {
    const text = `${"ä\u2028\n\"'$`\\".repeat(50_000)}end`;
    const { outcome } = await run(language.echo, { text });
    expect(outcome).toEqual({ status: "completed", text: `${text} in default` });
  });

  test("shows what it prints while it comes, and keeps it apart from the answer", async () => {
    const { job, outcome } = await run(language.prints);
    expect(outcome).toEqual({ status: "completed", text: "done" });
    expect(job.shown("stdout")).toBe("thinking\n");
    expect(job.items).toContainEqual({ type: "handler_output", text: "thinking\n" });
  });

  test("is the text in an object, or else the JSON of what is returned", async () => {
    expect((await run(language.object)).outcome).toEqual({ status: "completed", text: "inner" });
    expect((await run(language.number)).outcome).toEqual({ status: "completed", text: "[1,2.5,null]" });
  });

  test("cannot be forged by what it or its children print, or write beside it", async () => {
    const { outcome } = await run(language.forges);
    expect(outcome).toEqual({ status: "completed", text: "true answer" });
  });

  test("finds secrets in its environment, runs in /agent, and has no secret among its words", async () => {
    const { outcome } = await run(language.secret, { environment: { TOKEN: "t0k3n" } });
    expect(outcome).toEqual({ status: "completed", text: "t0k3n" });
    expect(JSON.stringify(computer.commands[0]?.argv)).not.toContain("hello");
    expect((await run(language.place)).outcome).toEqual({ status: "completed", text: computer.folder });
  });

  test("fails with where it was raised as evidence", async () => {
    const { job, outcome } = await run(language.raises);
    const failure = {
      reason: "HANDLER_FAILED",
      message: expect.stringMatching(/^The handler .* raised (Value|Range)Error$/),
      evidence: { traceback: expect.stringMatching(language.raised) },
    };
    expect(outcome).toEqual({ status: "failed", text: "", failure });
    expect(resultOf(job)).toMatchObject({ failure });
  });

  test("fails when it ends its process, with the exit code and what it printed as evidence", async () => {
    const { outcome } = await run(language.exits);
    expect(outcome).toMatchObject({
      status: "failed",
      failure: { reason: "HANDLER_FAILED", evidence: { exitCode: 7, output: "bye\n" } },
    });
  });

  test("fails naming what is missing: the code, the module or the function", async () => {
    const said = async (call: Omit<HandlerCall, "context">) => {
      const outcome = await answer(jobOf(call));
      return outcome.status === "failed" ? outcome.failure.message : outcome;
    };
    expect(await said({ ...language.call, agent: "gone" })).toBe('The code of agent "gone" is not in this computer');
    await write(language.file, language.echo);
    const at = (handler: string) => ({ ...language.call, handler });
    expect(await said(at("lost.fn"))).toBe('The code of agent "demo" has no module "lost"');
    expect(await said(at("main.lost"))).toBe('Module "main" of agent "demo" has no function "lost"');
  });

  test("ends at once when it is cancelled", async () => {
    await write(language.file, language.waits);
    const job = jobOf(language.call, { onDelta: (shown) => shown.abort(new Error("cancelled")) });
    await expect(answer(job)).rejects.toThrow("cancelled");
  });

  test.each([
    [{ outOfMemory: true }, "OUT_OF_MEMORY"],
    [{ outOfMemory: false }, "COMPUTER_LOST"],
  ])("fails truthfully when its computer is lost (%j)", async (how, reason) => {
    await write(language.file, language.waits);
    const job = jobOf(language.call, { onDelta: () => computer.lose(how) });
    expect(await answer(job)).toMatchObject({ status: "failed", failure: { reason } });
    expect(itemFaults(job.items)).toEqual([]);
  });
});

describe("a handler in python3", () => {
  test("is not misled by files of the agent that are named like modules of the language", async () => {
    await write("demo/main.py", "import helper\ndef process_message(message, context):\n    return helper.name");
    await write("demo/helper.py", "name = 'its own'");
    for (const name of ["json.py", "helper.py"]) await writeFile(join(computer.folder, name), "raise SystemExit(9)");
    expect(await answer(jobOf(python()))).toEqual({ status: "completed", text: "its own" });
  });

  test("says which module its code misses, as an error of its own", async () => {
    await write("demo/main.py", "import not_installed\ndef process_message(message, context):\n    return ''");
    expect(await answer(jobOf(python()))).toMatchObject({
      failure: { message: "The handler main.process_message raised ModuleNotFoundError" },
    });
  });

  test("may be in a package", async () => {
    await write("demo/bot/core.py", "def process_message(message, context):\n    return __name__");
    expect(await answer(jobOf(python("bot.core.process_message")))).toMatchObject({ text: "bot.core" });
  });
});

describe("a handler in node", () => {
  test.each([
    ["demo/main.js", "module.exports = { processMessage: (message) => message };"],
    ["demo/main.cjs", "module.exports = async (message) => message;"],
    ["demo/main.mjs", "export default (message) => message;"],
    ["demo/main/index.js", "exports.processMessage = (message) => message;"],
  ])("may be a named or a default export (%s)", async (file, code) => {
    await write(file, code);
    expect(await answer(jobOf(node()))).toEqual({ status: "completed", text: "hello" });
  });

  test("fails when what it returns is no JSON", async () => {
    await write("demo/main.mjs", "export default () => { const round = {}; round.round = round; return round; };");
    expect(await answer(jobOf(node()))).toMatchObject({ failure: { reason: "HANDLER_FAILED" } });
  });
});

describe("a handler's answer", () => {
  test("that is longer than what is kept fails", async () => {
    await write("demo/main.py", "def process_message(message, context):\n    return 'x' * 2_000_000");
    expect(await answer(jobOf(python()))).toMatchObject({
      failure: { reason: "HANDLER_FAILED", message: expect.stringContaining("more than may be kept") },
    });
  });
});

describe("after the gateway ended in the middle", () => {
  const call = { type: "tool_call", tool: "handler", args: { agent: "demo", handler: "main.process_message" } };

  test("a call whose end was not seen fails as interrupted and is not made again", async () => {
    const job = jobOf(python(), { recorded: [call] });
    expect(await answer(job)).toMatchObject({ status: "failed", failure: { reason: "INTERRUPTED" } });
    expect(itemFaults(job.items)).toEqual([]);
    expect(computer.commands).toEqual([]);
    const again = jobOf(python(), { recorded: job.items });
    expect(await answer(again)).toMatchObject({ status: "failed", failure: { reason: "INTERRUPTED" } });
    expect(again.items).toEqual(job.items);
  });

  test("a recorded answer or failure stands as it was", async () => {
    const answered = { type: "tool_result", tool: "handler", output: "kept" };
    const job = jobOf(python(), { recorded: [call, answered] });
    expect(await answer(job)).toEqual({ status: "completed", text: "kept" });
    expect(job.items.at(-1)).toEqual({ type: "final", channel: "final", text: "kept" });

    const failure = { reason: "HANDLER_FAILED", message: "m", evidence: { traceback: "t" } };
    const failing = jobOf(python(), { recorded: [call, { ...answered, failure }] });
    expect(await answer(failing)).toEqual({ status: "failed", text: "", failure });
    expect(computer.commands).toEqual([]);
  });
});
