import { join } from "node:path";
import type { Logger } from "pino";
import type { Config } from "../../config.ts";
import { createDockerRuntime } from "../../runtime/docker/docker-runtime.ts";
import type { Runtime } from "../../runtime/runtime.ts";

const answerLimitMs = 2000;

/**
 * What holds computers, by configuration. `auto` is Docker where an engine answers; where none does it is local
 * processes, but never in production: there orders wait for Docker.
 */
export async function chooseRuntime(config: Config, deployment: string, log: Logger): Promise<Runtime> {
  if (config.runtime === "memory") {
    const { createMemoryRuntime } = await import("../../runtime/memory/memory-runtime.ts"); // spares others its shell
    return createMemoryRuntime({ deployment });
  }
  if (config.runtime === "process") return openProcesses(config, deployment, log);
  const { dockerHost, agentImage: image, maxStarts } = config;
  const docker = createDockerRuntime({ dockerHost, deployment, image, maxStarts, log });
  if (config.runtime === "docker" || config.production || (await answers(docker))) return docker;
  await docker.close();
  return openProcesses(config, deployment, log);
}

async function openProcesses({ dataDir }: Config, deployment: string, log: Logger): Promise<Runtime> {
  const { createProcessRuntime } = await import("../../runtime/process/process-runtime.ts");
  return createProcessRuntime({ dataDir: join(dataDir, "computers"), deployment, log });
}

const answers = (runtime: Runtime) =>
  runtime.ping(AbortSignal.timeout(answerLimitMs)).then(
    () => true,
    () => false,
  );
