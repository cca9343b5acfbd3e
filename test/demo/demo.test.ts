import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProcessRuntime } from "../../src/runtime/process/process-runtime.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

const limitMs = 60_000;

describe("npm run demo, without a terminal", { timeout: limitMs }, () => {
  let gateway: TestGateway<Runtime>;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "raworc-demo-test-"));
    const log = pino({ level: "silent" });
    gateway = await startTestGateway({ runtime: createProcessRuntime({ dataDir, deployment: "demo", log }) });
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
