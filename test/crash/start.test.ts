import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { gatewayCommand } from "../../scripts/gateway-command.cjs";
import { askAndWait, createAgent, createWorld, type World } from "./world.ts";

const says = (text: string): unknown => expect.stringContaining(text);

describe("starting the gateway", () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld({ RAWORC_RUNTIME: "memory" });
  });
  afterEach(() => world.close());

  /** Runs a gateway that is not expected to come up. */
  const runToEnd = (env: Readonly<Record<string, string>>) =>
    runMain({ RAWORC_DATA_DIR: world.dataDir, PORT: "0", RAWORC_RUNTIME: "memory", LOG_LEVEL: "error", ...env });

  test("a second gateway on one data folder says so and ends; the first goes on", async () => {
    const first = await world.start();
    expect(await runToEnd({})).toEqual({ code: 1, printed: says(`"${world.dataDir}" is in use by another gateway`) });
    expect(await runToEnd({})).toEqual({ code: 1, printed: says("RAWORC_DATA_DIR") });
    await createAgent(first, "worker");
    expect(await askAndWait(first, "worker", "echo well")).toBe("well\n");
  });

  test("a folder whose gateway was killed is free at once", async () => {
    await (await world.start()).kill();
    const gateway = await world.start();
    expect((await gateway.ask("{ health { ok } }")).health.ok).toBe(true);
  });

  test("bad configuration names every wrong variable, what it was and what is allowed, and keeps secrets", async () => {
    const secret = "hunter2-hunter2";
    const { code, printed } = await runToEnd({ PORT: "http", RAWORC_RUNTIME: "podman", RAWORC_JWT_SECRET: secret });
    expect(code).toBe(2);
    expect(printed).toMatch(/PORT is "http"; allowed: 0 to 65535/);
    expect(printed).toMatch(/RAWORC_RUNTIME is "podman"; allowed: auto, docker, process or memory/);
    expect(printed).toMatch(/RAWORC_JWT_SECRET is not usable .*; allowed: 32 characters or more/);
    expect(printed).not.toContain(secret);
    expect(printed).not.toMatch(/\n\s+at /);
  });

  test("a port that is taken is named, with what to do", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const { code, printed } = await runToEnd({ PORT: String(port) });
    server.close();
    expect(code).toBe(1);
    expect(printed).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}.*PORT`));
    expect(printed).not.toMatch(/\n\s+at /);
  });

  test("a host that nobody knows is named, with what to do", async () => {
    const { code, printed } = await runToEnd({ HOST: "nowhere.invalid" });
    expect(code).toBe(1);
    expect(printed).toMatch(/^HOST "nowhere\.invalid" cannot be found \(\w+\): name an address/m);
    expect(printed).not.toMatch(/\n\s+at /);
  });

  test("a data folder that cannot be made is named, with what to do", async () => {
    const { code, printed } = await runToEnd({ RAWORC_DATA_DIR: "/dev/null/data" });
    expect(code).toBe(1);
    expect(printed).toMatch(/^The data folder "\/dev\/null\/data" cannot be used .*RAWORC_DATA_DIR/m);
    expect(printed).not.toMatch(/\n\s+at /);
  });

  test("a misspelt variable is told beside what is wrong, with the one that is meant, and its value is not", async () => {
    const { printed } = await runToEnd({ RAWORC_ADMIN_PASWORD: "hunter2", PORT: "http" });
    expect(printed).toMatch(/^WARNING: RAWORC_ADMIN_PASWORD is not .*; is RAWORC_ADMIN_PASSWORD meant\?$/m);
    expect(printed).toMatch(/^PORT is "http"/m);
    expect(printed).not.toContain("hunter2");
  });

  test("a default password that may not stay is replaced by one that is printed, also when the port is taken", async () => {
    await (await world.start()).kill();
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const production = { PORT: String(port), NODE_ENV: "production", LOG_LEVEL: "info" };
    const { printed } = await runToEnd(production);
    expect(printed).toContain('replaced the default password of "admin"');
    const password = /user "admin", password "([\w-]{24})"/.exec(printed)?.[1] ?? "nothing";
    expect(printed.split(password)).toHaveLength(2);
    const again = await runToEnd(production);
    server.close();
    expect(again).toMatchObject({ code: 1, printed: expect.not.stringContaining("password") });
  });

  test("without Docker computers are local processes, and health and the start say what that means", async () => {
    const gateway = await world.start({ RAWORC_RUNTIME: "auto", DOCKER_HOST: "unix:///nowhere/docker.sock" });
    const { health } = await gateway.ask("{ health { ok checks { name ok message } } }");
    expect(health.ok).toBe(true);
    expect(health.checks).toContainEqual({ name: "runtime", ok: true, message: expect.stringMatching(/process/i) });
  });

  test("in production computers are never local processes: orders wait for Docker", async () => {
    const gateway = await world.start({
      RAWORC_RUNTIME: "auto",
      DOCKER_HOST: "unix:///nowhere/docker.sock",
      NODE_ENV: "production",
      RAWORC_ADMIN_PASSWORD: "admin",
    });
    const answer = await fetch(`${gateway.url}/api/v0/health`);
    expect(answer.status).toBe(503);
    expect((await gateway.ask("{ health { ok } }")).health.ok).toBe(false);
    await createAgent(gateway, "worker");
    const { agent } = await gateway.ask(`{ agent(name: "worker") { state computer { phase runtime } } }`);
    expect(agent).toEqual({ state: "INIT", computer: { phase: "ABSENT", runtime: null } });
  });
});

async function runMain(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, gatewayCommand.args, {
    env: { ...process.env, ...gatewayCommand.env, ...env },
    stdio: "pipe",
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (printed += String(chunk)));
  const [code] = await once(child, "close");
  return { code, printed };
}
