import { unavailable } from "../../errors.ts";
import { deploymentLabel } from "../labels.ts";
import type { PortableRuntime } from "../hosts.ts";
import type { RuntimeInfo, RuntimeInventory } from "../runtime.ts";
import { builtImagesOf } from "./built-images.ts";
import { cargoOf } from "./cargo.ts";
import {
  ensureContainer,
  ensurePaused,
  ensureRunning,
  ensureStopped,
  removeContainer,
  start,
  thaw,
} from "./containers.ts";
import { call, type DockerOptions, type Engine, openEngine, versionOf } from "./engine.ts";
import { eventsOf } from "./events.ts";
import { exec } from "./exec.ts";
import { filesOf } from "./files.ts";
import { helperLabel, removeStaleHelpers } from "./helpers.ts";
import { isDraft } from "./image-draft.ts";
import { ensureImage } from "./images.ts";
import { inspectContainer, statusNamed } from "./inspect.ts";
import { killCommands } from "./kill.ts";
import { logsOf } from "./logs.ts";
import { statsOf } from "./stats.ts";
import { copyVolume, ensureVolume, identityOf, removeVolume } from "./volumes.ts";

const pingMs = 2_000;
const oldestApi = 1.41;

/**
 * Computers as Docker containers. This folder is the only part of the program that talks to the engine, and
 * the calls it makes are the ones seen here; nothing is sent before the first of them.
 */
export function createDockerRuntime(options: DockerOptions): PortableRuntime {
  const engine = openEngine(options);
  return {
    kind: "docker",
    hosts: null,
    ping: (signal) => describeEngine(engine, signal),
    ensureImage: (image, onProgress) => ensureImage(engine, image, onProgress),
    images: builtImagesOf(engine),
    ensureVolume: (volume, labels) => ensureVolume(engine, volume, labels),
    copyVolume: (from, to, parts) => copyVolume(engine, from, to, parts),
    removeVolume: (volume) => removeVolume(engine, volume),
    ensureContainer: (spec) => ensureContainer(engine, spec),
    ensureRunning: (container, seen) => ensureRunning(engine, container, seen),
    start: (container) => start(engine, container),
    thaw: (container) => thaw(engine, container),
    ensurePaused: (container) => ensurePaused(engine, container),
    ensureStopped: (container, graceSeconds, seen) => ensureStopped(engine, container, graceSeconds, seen),
    removeContainer: (container) => removeContainer(engine, container),
    inspect: (container) => inspectContainer(engine, container),
    list: () => list(engine),
    events: (signal) => eventsOf(engine, signal),
    exec: (container, command) => exec(engine, container, command),
    killCommands: (container) => killCommands(engine, container),
    files: filesOf(engine),
    identity: () => identityOf(engine),
    cargo: cargoOf(engine),
    logs: (container, logOptions) => logsOf(engine, container, logOptions),
    stats: (container, signal) => engine.measurements(() => statsOf(engine, container, signal)),
    close: async () => engine.closed.abort(new Error("the gateway is closing its connection")),
  };
}

async function describeEngine(engine: Engine, signal?: AbortSignal): Promise<RuntimeInfo> {
  signal?.throwIfAborted();
  const found = await versionOf(engine, { timeoutMs: pingMs, ...(signal && { signal }) });
  // Numbers such as 1.9 would compare wrongly, but no engine that old still runs.
  if (Number(found.ApiVersion) < oldestApi) {
    throw unavailable(`Docker at ${engine.address} is version ${found.Version}; 20.10 or later is needed`);
  }
  return { kind: "docker", version: found.Version, warning: null };
}

/** Also removes helpers that a crash left behind: they are nobody's computers. */
async function list(engine: Engine): Promise<RuntimeInventory> {
  const label = `${deploymentLabel}=${engine.options.deployment}`;
  const filters = JSON.stringify({ label: [label] });
  const of = { what: "list containers and volumes", timeoutMs: 30_000 };
  const [containers, { Volumes }] = await call(engine, of, (abortSignal) =>
    Promise.all([
      engine.docker.listContainers({ all: true, filters, abortSignal }),
      engine.docker.listVolumes({ filters, abortSignal }),
    ]),
  );
  await removeStaleHelpers(engine, containers, Date.now() / 1000);
  return {
    answered: null,
    containers: containers
      .filter(({ Labels, Names }) => Labels[helperLabel] === undefined && !isDraft(nameOf(Names)))
      .map(({ Names, Labels: labels, State, Image: image }) => {
        // The engine gives the id for a name that has passed to another image.
        return { name: nameOf(Names), labels, status: statusNamed(State), image };
      }),
    volumes: Volumes.map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} })),
  };
}

const nameOf = (names: readonly string[]) => names[0]?.slice(1) ?? "";
