import { randomUUID } from "node:crypto";
import Docker from "dockerode";
import pino from "pino";
import { createDockerRuntime } from "../../src/runtime/docker/docker-runtime.ts";
import type { DockerOptions } from "../../src/runtime/docker/engine.ts";
import type { PortableRuntime } from "../../src/runtime/hosts.ts";
import type { ContainerSpec, Runtime } from "../../src/runtime/runtime.ts";
import { docker } from "../support/needs.ts";

export const testImage = "raworc-test/agent:1";
/** One per test file, so that no file lists another's things. */
export const testDeployment = `test-${randomUUID().slice(0, 8)}`;

/** A runtime of its own over the tests' engine; the image is made of this host's files, without a network. */
export const openTestRuntime = (changes: Partial<DockerOptions> = {}): PortableRuntime =>
  createDockerRuntime({
    dockerHost: docker.found,
    deployment: testDeployment,
    image: testImage,
    offline: true,
    log: pino({ level: "silent" }),
    ...changes,
  });

/** The same engine without the adapter between, to see what is really there. */
export const openEngineDirectly = (dockerHost = docker.found ?? "") =>
  new Docker({ socketPath: dockerHost.replace("unix://", "") });

export const newName = () => `raworc-test-${randomUUID().slice(0, 13)}`;

/** A running container on a volume of its own, both of one name. */
export async function startComputer(runtime: Runtime, changes: Partial<ContainerSpec> = {}): Promise<string> {
  const name = await makeComputer(runtime, changes);
  await runtime.ensureRunning(name);
  return name;
}

/** The same before its start. */
export async function makeComputer(runtime: Runtime, changes: Partial<ContainerSpec> = {}): Promise<string> {
  const name = newName();
  await runtime.ensureImage(testImage);
  await runtime.ensureVolume(name, {});
  await runtime.ensureContainer({
    name,
    image: testImage,
    volume: name,
    network: "NONE",
    limits: { memoryBytes: 256 * 1_048_576, cpus: 1, pids: 64 },
    labels: { "raworc.computer": name },
    ...changes,
  });
  return name;
}

export async function removeComputer(runtime: Runtime, name: string): Promise<void> {
  await runtime.removeContainer(name);
  await runtime.removeVolume(name);
}

/** An image made of another one by a command that its root runs. */
export async function changeImage(
  direct: Docker,
  from: string,
  { to, command, changes = "USER 1000:1000" }: { to: string; command: readonly string[]; changes?: string },
): Promise<void> {
  const [repo, tag] = to.split(":");
  const base = await direct.createContainer({ Image: from, User: "0:0", WorkingDir: "/", Cmd: [...command] });
  await base.start();
  await base.wait();
  await base.commit({ repo, tag, changes });
  await base.remove();
}

/** Runs a script to its end and returns what it printed. */
export async function run(runtime: Runtime, container: string, script: string, env: Record<string, string> = {}) {
  const output = { stdout: "", stderr: "" };
  const result = await runtime.exec(container, {
    argv: ["sh", "-c", script],
    env,
    timeoutMs: 30_000,
    onOutput: (chunk, stream) => void (output[stream] += Buffer.from(chunk).toString()),
  });
  return { ...result, ...output };
}
