import type Docker from "dockerode";
import { deploymentLabel } from "../labels.ts";
import { agentFolder } from "../paths.ts";
import type { ContainerLimits, ContainerSpec, Labels } from "../runtime.ts";

export const agentUser = "1000:1000";
const mebibyte = 1_048_576;

/** Log files of one container on the host are never larger than this twice. */
const logConfig = { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } };

/** What every container is denied, helpers included. */
export const hardening = {
  Init: true,
  Privileged: false,
  CapDrop: ["ALL"],
  SecurityOpt: ["no-new-privileges"],
  ReadonlyRootfs: true,
  IpcMode: "private",
  RestartPolicy: { Name: "no" },
  LogConfig: logConfig,
} satisfies Docker.HostConfig;

/** The parts of the configuration that say which network a container is for. */
export interface NetworkOptions {
  readonly labels: Labels;
  readonly host: Docker.HostConfig;
}

/**
 * The whole configuration of a computer's container. There is no place in it for a secret: those reach
 * commands through exec. Unless one is asked for, the main process only sleeps, so that the container lives as long
 * as it is wanted.
 */
export function containerOptions(spec: ContainerSpec, deployment: string, network: NetworkOptions) {
  return {
    name: spec.name,
    Image: spec.image,
    Entrypoint: [...(spec.command ?? ["sleep", "infinity"])],
    Cmd: [],
    User: agentUser,
    WorkingDir: agentFolder,
    Env: [`HOME=${agentFolder}`],
    Labels: { [deploymentLabel]: deployment, ...spec.labels, ...network.labels },
    HostConfig: {
      ...hardening,
      ...limitsOf(spec.limits),
      Mounts: [{ Type: "volume", Source: spec.volume, Target: agentFolder }],
      ...network.host,
    },
  } satisfies Docker.ContainerCreateOptions;
}

/** What a file system in memory may take: it counts against the memory's limit, so half of that at most. */
export const temporaryBytesOf = ({ memoryBytes }: ContainerLimits) =>
  Math.min(Math.floor(memoryBytes / 2), 1024 * mebibyte);

/** Memory and swap together are one limit, and `/tmp` counts against it too. */
export function limitsOf(limits: ContainerLimits): Docker.HostConfig {
  const temporaryBytes = temporaryBytesOf(limits);
  return {
    Memory: limits.memoryBytes,
    MemorySwap: limits.memoryBytes,
    NanoCpus: Math.round(limits.cpus * 1e9),
    PidsLimit: limits.pids,
    Ulimits: [{ Name: "core", Soft: 0, Hard: 0 }],
    ShmSize: Math.min(64 * mebibyte, temporaryBytes),
    Tmpfs: { "/tmp": `rw,exec,nosuid,nodev,mode=1777,size=${temporaryBytes}` },
  };
}
