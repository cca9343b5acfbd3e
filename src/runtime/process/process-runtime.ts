import { join, resolve } from "node:path";
import { notRunning } from "../refusals.ts";
import type { Logger } from "pino";
import { notFound } from "../../errors.ts";
import { deploymentLabel } from "../labels.ts";
import { builtImagePrefix } from "../paths.ts";
import type {
  ContainerSpec,
  ContainerState,
  ExecCommand,
  ExecResult,
  Labels,
  LogLine,
  Runtime,
  RuntimeInfo,
} from "../runtime.ts";
import { type BuiltImages, openImages } from "./built-images.ts";
import { type CommandPlace, Commands } from "./commands.ts";
import { MainProcesses } from "./main-processes.ts";
import { once } from "./once.ts";
import { createProcessFiles } from "./process-files.ts";
import { statsOf } from "./process-stats.ts";
import { ContainerRecord, Records, VolumeRecord } from "./records.ts";
import { findSandbox, type Sandbox } from "./sandbox.ts";
import { Volumes } from "./volumes.ts";
import { plainWarning, sandboxedWarning } from "./warnings.ts";

export interface ProcessRuntimeOptions {
  /** Holds `volumes/NAME` (the files), and what is known of containers and volumes. */
  readonly dataDir: string;
  readonly deployment: string;
  readonly log: Logger;
  /** False leaves bubblewrap aside where it is installed. */
  readonly useSandbox?: boolean;
}

/**
 * Agents as processes of the gateway's own user, for machines without Docker. A volume is a folder, a
 * container is the right to run commands in it. A main process there is only where one is asked for.
 *
 * Where bubblewrap works, a command sees a read-only system and its volume at `/agent`, nothing else.
 * Without it a command can do whatever this user can, and `/agent` exists only as `cwd`. Either way limits
 * of memory, processor and processes are not enforced, and what a command leaves in the background ends with it.
 */
export function createProcessRuntime(options: ProcessRuntimeOptions): Runtime {
  return new ProcessRuntime(resolve(options.dataDir), options);
}

class ProcessRuntime implements Runtime {
  readonly kind = "process";
  readonly hosts = null;
  readonly files = createProcessFiles(async (container) =>
    this.#volumes.folderOf((await this.#known(container)).volume),
  );
  readonly #deployment: string;
  readonly #findSandbox: () => Promise<Sandbox | null>;
  readonly #commands: Commands;
  readonly #containers: Records<ContainerRecord>;
  readonly #volumes: Volumes;
  readonly #mains: MainProcesses;
  readonly images: BuiltImages;
  /** Starts the main processes that ended with an earlier gateway process. */
  readonly #resumed: () => Promise<void>;

  constructor(dataDir: string, { deployment, log, useSandbox = true }: ProcessRuntimeOptions) {
    this.#deployment = deployment;
    this.#findSandbox = once(async () => (useSandbox ? await findSandbox(dataDir, log) : null));
    this.#commands = new Commands(deployment, this.#findSandbox);
    this.#containers = new Records(join(dataDir, "containers"), ContainerRecord);
    this.#volumes = new Volumes(join(dataDir, "volumes"), new Records(join(dataDir, "volume-records"), VolumeRecord));
    this.images = openImages(dataDir, deployment, this.#commands, this.#containers);
    this.#mains = new MainProcesses(this.#commands, this.#containers);
    this.#resumed = once(() => this.#resume());
  }

  async ping(): Promise<RuntimeInfo> {
    const sandbox = await this.#findSandbox();
    return {
      kind: "process",
      version: sandbox?.version ?? `processes on ${process.platform}`,
      warning: sandbox ? sandboxedWarning : plainWarning,
    };
  }

  /** Every computer has the programs of this machine; of an image there is only what was built into it. */
  async ensureImage(image: string): Promise<void> {
    if (image.startsWith(builtImagePrefix)) await this.images.folderOf(image);
  }

  ensureVolume: Runtime["ensureVolume"] = (volume, labels) => this.#volumes.ensure(volume, this.#ours(labels));
  copyVolume: Runtime["copyVolume"] = (from, to, parts) => this.#volumes.copy(from, to, parts);
  removeVolume: Runtime["removeVolume"] = (volume) => this.#volumes.remove(volume);

  async ensureContainer({ name, volume, network, labels, command, image: from }: ContainerSpec): Promise<void> {
    if (await this.#containers.read(name)) return;
    await this.#volumes.folderOf(volume);
    await this.ensureImage(from);
    const image = from.startsWith(builtImagePrefix) ? from : null;
    const fresh = { status: "created", startedAt: null, exitCode: null } as const;
    const main = command ? [...command] : null;
    const record = { volume, image, network, labels: this.#ours(labels), command: main, ...fresh };
    await this.#containers.write(name, record);
  }

  async ensureRunning(container: string): Promise<void> {
    const record = await this.#known(container);
    if (record.status === "running") return;
    const isThawing = record.status === "paused";
    if (!isThawing) await this.#commands.stop(container);
    const startedAt = isThawing ? record.startedAt : new Date();
    await this.#containers.write(container, { ...record, status: "running", startedAt, exitCode: null });
    if (isThawing) await this.#commands.thaw(container);
    else await this.#startMain(container, record);
  }

  start: Runtime["start"] = (container) => this.#bringUp(container, ["created", "stopped"]);
  thaw: Runtime["thaw"] = (container) => this.#bringUp(container, ["paused"]);

  // The state is written before processes are signalled: a command that starts meanwhile reads it and gives up.
  async ensurePaused(container: string): Promise<void> {
    const record = await this.#known(container);
    if (record.status !== "running" && record.status !== "paused") throw notRunning(container, record.status);
    await this.#containers.write(container, { ...record, status: "paused" });
    await this.#commands.freeze(container);
  }

  async ensureStopped(container: string): Promise<void> {
    const record = await this.#containers.read(container);
    if (record?.status === "running" || record?.status === "paused") {
      await this.#containers.write(container, { ...record, status: "stopped", exitCode: killedCode });
    }
    await this.#commands.stop(container);
  }

  async removeContainer(container: string): Promise<void> {
    await this.#containers.remove(container);
    await this.#commands.stop(container);
    this.#mains.forget(container);
  }

  async inspect(container: string): Promise<ContainerState | null> {
    await this.#resumed();
    const record = await this.#containers.read(container);
    if (!record) return null;
    return { status: record.status, startedAt: record.startedAt, exitCode: record.exitCode, outOfMemory: false };
  }

  async list() {
    await this.#resumed();
    const [containers, volumes] = await Promise.all([this.#containers.all(), this.#volumes.all()]);
    const isOurs = ([, { labels }]: readonly [string, VolumeRecord]) => labels[deploymentLabel] === this.#deployment;
    return {
      answered: null,
      containers: containers
        .filter(isOurs)
        .map(([name, { labels, status, image }]) => ({ name, labels, status, image })),
      volumes: volumes.filter(isOurs).map(([name, { labels }]) => ({ name, labels })),
    };
  }

  events: Runtime["events"] = (signal) => this.#mains.events(signal);

  async exec(container: string, command: ExecCommand): Promise<ExecResult> {
    const place = await this.#placeOf(container, await this.#running(container));
    const result = await this.#commands.run(place, command, async () => {
      await this.#running(container);
    });
    return result.exitCode === killedCode && !(await this.#isAlive(container)) ? lost : result;
  }

  killCommands: Runtime["killCommands"] = async (container) => {
    const record = await this.#known(container);
    await this.#commands.killLeftOver(container);
    await this.#resumeMain(container, record);
  };

  async *logs(container: string, options: Parameters<Runtime["logs"]>[1]): AsyncGenerator<LogLine> {
    await this.#known(container);
    yield* this.#mains.logOf(container).read(options);
  }

  async stats(container: string) {
    await this.#known(container);
    return statsOf(() => this.#commands.processes(container));
  }

  async close(): Promise<void> {
    this.#mains.close();
    await this.#commands.close();
  }

  /** `false`, and nothing is done, for a container in another state, and for none. */
  async #bringUp(container: string, from: readonly ContainerRecord["status"][]): Promise<boolean> {
    const record = await this.#containers.read(container);
    if (!record || !from.includes(record.status)) return false;
    await this.ensureRunning(container);
    return true;
  }

  async #startMain(container: string, record: ContainerRecord): Promise<void> {
    const { command } = record;
    if (command !== null) this.#mains.start({ place: await this.#placeOf(container, record), argv: command });
  }

  async #placeOf(container: string, { volume, network, image }: ContainerRecord): Promise<CommandPlace> {
    const volumeFolder = await this.#volumes.folderOf(volume);
    const folder = image === null ? null : await this.images.folderOf(image);
    return { container, volumeFolder, network, image: folder === null ? null : { folder, isWritable: false } };
  }

  async #resume(): Promise<void> {
    for (const [container, record] of await this.#containers.all()) {
      if (record.labels[deploymentLabel] !== this.#deployment) continue;
      // One that cannot be started is as good as one that ended at once; the others go on.
      await this.#resumeMain(container, record).catch(() => this.#mains.ended(container));
    }
  }

  async #resumeMain(container: string, record: ContainerRecord): Promise<void> {
    if (record.command === null || record.status !== "running" || this.#mains.has(container)) return;
    const main = { place: await this.#placeOf(container, record), argv: record.command };
    if (!this.#mains.has(container)) this.#mains.start(main); // somebody else may have been quicker
  }

  /** Whatever is made here bears the deployment's label, without which `list` would not show it. */
  readonly #ours = (labels: Labels): Labels => ({ [deploymentLabel]: this.#deployment, ...labels });

  /** False also when another gateway process stopped it. */
  async #isAlive(container: string): Promise<boolean> {
    const record = await this.#containers.read(container);
    return record?.status === "running" || record?.status === "paused";
  }

  async #known(container: string): Promise<ContainerRecord> {
    const record = await this.#containers.read(container);
    if (!record) throw notFound("Container", container);
    return record;
  }

  async #running(container: string): Promise<ContainerRecord> {
    const record = await this.#known(container);
    if (record.status !== "running") throw notRunning(container, record.status);
    return record;
  }
}

/** 128 and the number of SIGKILL. */
const killedCode = 137;
const lost: ExecResult = { end: "containerLost", exitCode: null };
