import { join } from "node:path";
import type { Gateway } from "../../gateway.ts";
import { createDockerRuntime } from "../../runtime/docker/docker-runtime.ts";
import type { NamedRuntime } from "../../runtime/pool/host.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { tlsOf } from "./engine-tls.ts";
import { hostOfName } from "./placement.ts";
import { createRecognition } from "./recognition.ts";

const answerLimitMs = 2000;

/** What there is of a gateway before its runtime. */
type Beginnings = Pick<Gateway, "config" | "store" | "deployment" | "log">;

/**
 * What holds computers, by configuration. `auto` is Docker where an engine answers; where none does it is local
 * processes, but never in production or where several engines were named: there orders wait for Docker. `hosts` are a
 * pool whatever is configured.
 *
 * @throws {ConfigError} for certificates that cannot be read.
 */
export async function chooseRuntime(from: Beginnings, hosts?: readonly NamedRuntime[]): Promise<Runtime> {
  const { config, deployment } = from;
  if (hosts) return openPool(from, hosts);
  if (config.runtime === "memory") {
    const { createMemoryRuntime } = await import("../../runtime/memory/memory-runtime.ts"); // spares others its shell
    return createMemoryRuntime({ deployment });
  }
  if (config.runtime === "process") return openProcesses(from);
  if (config.dockerHosts.length > 0) {
    const named = config.dockerHosts.map(({ name, address }) => ({ name, runtime: openDocker(from, address, name) }));
    return openPool(from, named);
  }
  const docker = openDocker(from, config.dockerHost);
  if (config.runtime === "docker" || config.production || (await answers(docker))) return docker;
  await docker.close();
  return openProcesses(from);
}

async function openPool({ store, log }: Beginnings, hosts: readonly NamedRuntime[]): Promise<Runtime> {
  const { createPoolRuntime } = await import("../../runtime/pool/pool-runtime.ts");
  const recognise = createRecognition(
    store,
    hosts.map(({ name }) => name),
  );
  return createPoolRuntime({ hosts, hostOf: hostOfName(store), recognise, log });
}

function openDocker({ config, deployment, log }: Beginnings, dockerHost: string | null, name?: string) {
  const { agentImage: image, maxStarts } = config;
  return createDockerRuntime({ dockerHost, tls: tlsOf(config, dockerHost, name), deployment, image, maxStarts, log });
}

async function openProcesses({ config, deployment, log }: Beginnings): Promise<Runtime> {
  const { createProcessRuntime } = await import("../../runtime/process/process-runtime.ts");
  return createProcessRuntime({ dataDir: join(config.dataDir, "computers"), deployment, log });
}

const answers = (runtime: Runtime) =>
  runtime.ping(AbortSignal.timeout(answerLimitMs)).then(
    () => true,
    () => false,
  );
