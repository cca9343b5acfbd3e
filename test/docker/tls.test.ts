import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { tlsOf } from "../../src/domain/computers/engine-tls.ts";
import { type EngineWay, openWay } from "../support/engine-way.ts";
import { docker } from "../support/needs.ts";
import { makeCertificates } from "./certificates.ts";
import { openTestRuntime, removeComputer, run, startComputer } from "./world.ts";

const folder = mkdtempSync(join(tmpdir(), "raworc-tls-"));
const certificates = makeCertificates(join(folder, "good"));
const others = makeCertificates(join(folder, "others"));
let way: EngineWay;
beforeAll(async () => {
  way = await openWay(docker.found ?? "", certificates);
});
afterAll(() => {
  way.close();
  rmSync(folder, { recursive: true });
});

/** A runtime as the gateway has it with these variables. */
function openWith(env: Readonly<Record<string, string>>, host?: string) {
  const config = readConfig({ DOCKER_HOST: way.address, ...env });
  const runtime = openTestRuntime({ dockerHost: way.address, tls: tlsOf(config, way.address, host) });
  onTestFinished(() => runtime.close());
  return runtime;
}

test("an engine over mutual TLS, on a port of its own, does all that one beside does", {
  timeout: 120_000,
}, async () => {
  const runtime = openWith({ DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates });
  const computer = await startComputer(runtime);
  expect(await run(runtime, computer, "cat; echo out; echo err >&2")).toMatchObject({ stdout: "out\n" });
  const content = Buffer.alloc(300_000, "x");
  await runtime.files.write(computer, "large", content);
  expect(Buffer.compare(await runtime.files.read(computer, "large", 1_000_000), content)).toBe(0);
  await runtime.ensurePaused(computer);
  expect(await runtime.thaw(computer)).toBe(true);
  expect(await runtime.identity()).toBe(await openTestRuntime().identity());
  await removeComputer(runtime, computer);
});

test.each([
  ["without a certificate to show", () => ({ DOCKER_TLS_VERIFY: "1" })],
  ["without TLS", () => ({ DOCKER_CERT_PATH: certificates })],
])("%s the engine is UNAVAILABLE", async (_name, env) => {
  await expect(openWith(env()).ping()).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("a host's own certificates come before those of all hosts", async () => {
  const mixed = join(folder, "mixed");
  cpSync(others, mixed, { recursive: true });
  cpSync(certificates, join(mixed, "north"), { recursive: true });
  const env = { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: mixed };
  expect((await openWith(env, "north").ping()).kind).toBe("docker");
  await expect(openWith(env, "south").ping()).rejects.toMatchObject({ code: "UNAVAILABLE" });
});
