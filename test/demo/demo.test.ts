import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createProcessRuntime } from "../../src/runtime/process/process-runtime.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { say, startModelServer, use } from "../support/model-server.ts";

const limitMs = 60_000;

describe("npm run demo, without a terminal", { timeout: limitMs }, () => {
  let gateway: TestGateway<Runtime>;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "raworc-demo-test-"));
    const log = pino({ level: "silent" });
    gateway = await startTestGateway({
      runtime: createProcessRuntime({ dataDir, deployment: "demo", log }),
      // The demo gives the URL of its model as a secret.
      env: { RAWORC_MODEL_HOSTS: "127.0.0.1" },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const demo = (environment: Record<string, string> = {}, ...args: readonly string[]) =>
    runDemo({ RAWORC_URL: gateway.url, ...environment }, args);
  const agentNames = async () => {
    const { agents } = await gateway.data("{ agents { nodes { name } } }");
    return agents.nodes.map(({ name }: { name: string }) => name);
  };

  test("shows a response, sleep, wake and the files that are still there, and deletes its agent", async () => {
    const { output, errors, code } = await demo();

    expect(errors).toBe("");
    expect(output).toMatch(
      inOrder(
        `Found a gateway at ${gateway.url}`,
        'Logged in as "admin"',
        "engine SHELL; its computer runs",
        "step 1 of 3",
        "step 3 of 3",
        "Response COMPLETED",
        "Asleep: agent SLEPT, computer PAUSED",
        "Awake: agent IDLE, computer RUNNING",
        "> cat notes.txt",
        "= written before the sleep",
        "Response COMPLETED",
        "Its files are still there.",
        "Deleted agent",
      ),
    );
    expect(output, "is free of escape codes").not.toContain("\u001b");
    expect(output.match(/\(\d+\.\d+ s\)/g)?.length, "says how long each step took").toBeGreaterThan(6);
    expect(code).toBe(0);
    expect(await agentNames()).toEqual([]);
  });

  test("lets a model work with a key of the environment, and shows its calls with what came of them", async () => {
    await using model = await startModelServer(
      use("bash", { command: "echo 'echo 2 3 5' > primes.sh; seq 99 && exit 3" }),
      say("Their sum is 639."),
      use("list_files", { path: "." }),
      say("It is primes.sh, and still there."),
    );
    const { output, errors, code } = await demo({ OPENAI_API_KEY: "a key", OPENAI_BASE_URL: model.baseUrl });
    expect(errors).toBe("");
    expect(output).toMatch(
      inOrder(
        "engine MODEL; its computer runs",
        "> Write a shell script",
        "bash echo 'echo 2 3 5' > primes.sh",
        "│ [exit_code:3]",
        "… 90 more lines",
        "= Their sum is 639.",
        "Response COMPLETED",
        "Awake",
        "list_files",
        "primes.sh",
        "= It is primes.sh, and still there.",
        "Its files are still there.",
      ),
    );
    expect(code).toBe(0);
  });

  test("starts a gateway of its own where none runs, and leaves nothing of it behind", async () => {
    const folder = await mkdtemp(join(tmpdir(), "raworc-demo-own-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const environment = { RAWORC_URL: "", PORT: "1", RAWORC_RUNTIME: "process", TMPDIR: folder };
    const { output, errors, code } = await demo(environment);
    expect(errors).toBe("");
    expect(output).toMatch(inOrder("Started a gateway at http://127.0.0.1:", "computer STOPPED", "Deleted agent"));
    expect(code).toBe(0);
    expect((await readdir(folder)).filter((name) => name.startsWith("raworc"))).toEqual([]);
  });

  test("leaves its agent with --keep", async () => {
    const { output, code } = await demo({}, "--keep");
    expect(output).toContain(`Kept: go on at ${gateway.url}/graphql`);
    expect(code).toBe(0);
    expect(await agentNames()).toEqual([expect.stringMatching(/^demo-/)]);
  });

  test("says which variable to set when the password is another one", async () => {
    const { errors, code } = await demo({ RAWORC_ADMIN_PASSWORD: "another" });
    expect(errors).toContain("Set RAWORC_ADMIN_PASSWORD");
    expect(code).toBe(1);
  });

  test("says that nothing answers at RAWORC_URL", async () => {
    const { errors, code } = await demo({ RAWORC_URL: "http://127.0.0.1:1" });
    expect(errors).toContain('No Raworc Gateway answers at RAWORC_URL "http://127.0.0.1:1"');
    expect(code).toBe(1);
  });
});

const inOrder = (...parts: readonly string[]) =>
  new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[\\s\\S]*"));

/** Runs the demo as npm does, with none of this environment's keys and addresses. */
async function runDemo(environment: Record<string, string>, args: readonly string[]) {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", "scripts/demo.ts", ...args], {
    env: { PATH, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: limitMs,
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { output, errors, code: child.exitCode };
}
