import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { chooseRuntime } from "../../src/domain/computers/choose-runtime.ts";
import { tlsOf } from "../../src/domain/computers/engine-tls.ts";
import { eventually } from "../crash/watch.ts";
import { askAndWait, createAgent, createWorld } from "../crash/world.ts";
import { type EngineWay, openWay } from "../support/engine-way.ts";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { docker } from "../support/needs.ts";
import { openTestStore } from "../support/store.ts";
import { makeCertificates } from "./certificates.ts";
import {
  openEngineDirectly,
  openTestRuntime,
  removeComputer,
  run,
  startComputer,
  testDeployment,
  testImage,
} from "./world.ts";

const folder = mkdtempSync(join(tmpdir(), "raworc-tls-"));
const at = (name: string) => join(folder, name);
let way: EngineWay;
beforeAll(async () => {
  const [right, other] = [makeCertificates(at("right")), makeCertificates(at("other"))];
  for (const [name, authority, own] of [
    ["stranger", right, other],
    ["distrusting", other, right],
  ] as const) {
    mkdirSync(at(name));
    copyFileSync(join(authority, "ca.pem"), join(at(name), "ca.pem"));
    for (const file of ["cert.pem", "key.pem"]) copyFileSync(join(own, file), join(at(name), file));
  }
  way = await openWay(docker.found ?? "", right);
});
afterAll(() => {
  way.close();
  rmSync(folder, { recursive: true });
});

const environment = (address: string, certificates: string) => ({
  RAWORC_DOCKER_HOSTS: `only=${address}`,
  DOCKER_TLS_VERIFY: "1",
  DOCKER_CERT_PATH: certificates,
});

/** The runtime of a gateway with these variables, and what it says to its log. */
async function chooseWith(env: Readonly<Record<string, string>>) {
  const lines: { readonly host: string; readonly cause: string | null }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const database = await openTestStore();
  onTestFinished(() => database.close());
  const { store } = database;
  const runtime = await chooseRuntime({ config: readConfig(env), store, deployment: testDeployment, log });
  onTestFinished(() => runtime.close());
  return { runtime, lines };
}

describe("an engine over mutual TLS", () => {
  test("gives logs, numbers and archives, and a command what is to be read by it", {
    timeout: 60_000,
  }, async () => {
    const config = readConfig(environment(way.address, at("right")));
    const runtime = openTestRuntime({ dockerHost: way.address, tls: tlsOf(config, way.address, "only") });
    onTestFinished(() => runtime.close());
    const computer = await startComputer(runtime, { command: ["sh", "-c", "echo begun; exec sleep infinity"] });
    const ended = new AbortController();
    for await (const { text } of runtime.logs(computer, { follow: true, signal: ended.signal })) {
      expect(text).toContain("begun");
      ended.abort();
    }
    expect(ended.signal.aborted).toBe(true);
    expect((await runtime.stats(computer)).memoryBytes).toBeGreaterThan(0);
    const heard: string[] = [];
    const stdin = "x".repeat(1_000_000);
    const onOutput = (chunk: Uint8Array) => void heard.push(Buffer.from(chunk).toString());
    const counted = await runtime.exec(computer, {
      argv: ["sh", "-c", "wc -c; cat > in"],
      stdin,
      timeoutMs: 20_000,
      onOutput,
    });
    expect({ counted, heard }).toEqual({ counted: { end: "exited", exitCode: 0 }, heard: ["1000000\n"] });
    await run(runtime, computer, "head -c 3000000 /dev/zero > zeros");
    expect((await buffer(await runtime.cargo.readVolume(computer))).length).toBeGreaterThan(3_000_000);
    await removeComputer(runtime, computer);
  });

  test.each([
    ["to whoever has a certificate of another authority", "stranger", "127.0.0.1", /hang up|alert|ECONNRESET|EPIPE/],
    ["to a gateway that trusts another authority", "distrusting", "127.0.0.1", /self-signed certificate/],
    ["at an address that is not in its certificate", "right", "localhost", /does not match certificate's altnames/],
  ])("does not answer %s, and the log says why", async (_who, certificates, address, why) => {
    const named = way.address.replace("127.0.0.1", address);
    const { runtime, lines } = await chooseWith(environment(named, at(certificates)));
    const unavailable = { code: "UNAVAILABLE", message: 'None of the hosts "only" answers' };
    await expect(runtime.ping()).rejects.toMatchObject(unavailable);
    expect(lines).toEqual([expect.objectContaining({ host: "only", cause: expect.stringMatching(why) })]);
  });

  test("whose certificates are missing ends the start, which says where they should be", async () => {
    const choosing = chooseWith(environment(way.address, at("none")));
    await expect(choosing).rejects.toThrow(/^DOCKER_CERT_PATH is not usable: .*ca\.pem/);
  });

  test("that refuses the gateway does not keep it from its other engines", { timeout: 60_000 }, async () => {
    const env = environment(way.address, at("stranger"));
    const RAWORC_DOCKER_HOSTS = `${env.RAWORC_DOCKER_HOSTS},well=${docker.found}`;
    const world = await createWorld({ ...env, RAWORC_DOCKER_HOSTS, RAWORC_AGENT_IMAGE: testImage });
    onTestFinished(() => world.close());
    const gateway = await world.start();
    for (const name of ["one", "two"]) {
      await createAgent(gateway, name);
      expect(await askAndWait(gateway, name, "echo here")).toBe("here\n");
      const { agent } = await gateway.ask(`query ($name: ID!) { agent(name: $name) { computer { host } } }`, { name });
      expect(agent.computer.host).toBe("well");
    }
    const { health } = await gateway.ask(`{ health { ok checks { name message } } }`);
    expect(health.ok).toBe(true);
    expect(JSON.stringify(health.checks)).toContain("1 of 2 hosts do not answer");
    for (const name of ["one", "two"]) await removeAgent(gateway, name);
  });
});

/** Deletes an agent, and waits until nothing of it is left in the engine. */
async function removeAgent(gateway: GatewayProcess, name: string): Promise<void> {
  const query = `query ($name: ID!) { agent(name: $name) { computer { id } } }`;
  const { id } = (await gateway.ask(query, { name })).agent.computer;
  await gateway.ask(`mutation ($name: ID!) { deleteAgent(name: $name) { name } }`, { name });
  await eventually(async () => {
    const { Volumes } = await openEngineDirectly().listVolumes();
    expect(Volumes.map((volume) => volume.Name)).not.toContain(`raworc-${id}`);
  });
}
