import { randomUUID } from "node:crypto";
import { deploymentLabel } from "../labels.ts";
import type { PortableRuntime } from "../hosts.ts";
import type {
  ContainerSpec,
  ContainerState,
  ExecCommand,
  ExecResult,
  Labels,
  LogLine,
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  VolumeParts,
} from "../runtime.ts";
import { existing, notRunning } from "../refusals.ts";
import { LogBuffer } from "../log-buffer.ts";
import { Gate, gated, gatedCargo, type Hold, type MemoryControls, type RuntimeMethod } from "./controls.ts";
import { Happenings } from "../happenings.ts";
import { createMemoryCargo } from "./memory-cargo.ts";
import { MemoryCommands } from "./memory-commands.ts";
import { created, isAlive, type MemoryContainer } from "./memory-container.ts";
import { MemoryImages } from "./memory-images.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { copyMemoryVolume, createMemoryVolume, type MemoryVolume } from "./memory-volume.ts";

export interface MemoryRuntimeOptions {
  /** Whose containers and volumes `list` shows; without it, everybody's. */
  readonly deployment?: string;
  now?(): Date;
}

/**
 * Computers that exist only in this process, with a simulated bash: for tests and for trying things out.
 * Everything is gone when the process ends. A command's output comes when it has ended, stdout first.
 */
export function createMemoryRuntime(options: MemoryRuntimeOptions = {}): PortableRuntime & MemoryControls {
  return new MemoryRuntime(options);
}

class MemoryRuntime implements PortableRuntime, MemoryControls {
  readonly kind = "memory";
  readonly hosts = null;
  readonly identity = once(randomUUID);
  readonly files = gated(
    createMemoryFiles((container) => this.#volumeOf(container).bash.fs),
    (method) => this.#gate.pass(method),
  );
  readonly #options: MemoryRuntimeOptions;
  readonly #gate = new Gate();
  readonly #commands = new MemoryCommands();
  readonly #containers = new Map<string, MemoryContainer>();
  readonly #volumes = new Map<string, MemoryVolume>();
  readonly #happenings = new Happenings();
  readonly images = new MemoryImages({
    commands: this.#commands,
    pass: (method) => this.#gate.pass(method),
    isUsed: (name) => [...this.#containers.values()].some(({ spec }) => spec.image === name),
    ours: (labels) => this.#ours(labels),
  });
  readonly cargo = gatedCargo(
    createMemoryCargo((volume) => this.#volume(volume), this.images),
    (method) => this.#gate.pass(method),
  );

  constructor(options: MemoryRuntimeOptions) {
    this.#options = options;
  }

  async ping(): Promise<RuntimeInfo> {
    await this.#gate.pass("ping");
    return { kind: "memory", version: "simulated", warning: "Computers are simulated and end with the gateway." };
  }

  async ensureImage(image: string): Promise<void> {
    await this.#gate.pass("ensureImage");
    this.images.checkThere(image);
  }

  async ensureVolume(volume: string, labels: Labels): Promise<void> {
    await this.#gate.pass("ensureVolume");
    const made = this.#volumes.get(volume) ?? (await createMemoryVolume(this.#ours(labels)));
    if (!this.#volumes.has(volume)) this.#volumes.set(volume, made);
  }

  async copyVolume(from: string, to: string, parts: VolumeParts): Promise<void> {
    await this.#gate.pass("copyVolume");
    await copyMemoryVolume(this.#volume(from), this.#volume(to), parts);
  }

  async removeVolume(volume: string): Promise<void> {
    await this.#gate.pass("removeVolume");
    this.#volumes.delete(volume);
  }

  async ensureContainer(spec: ContainerSpec): Promise<void> {
    await this.#gate.pass("ensureContainer");
    if (this.#containers.has(spec.name)) return;
    await this.images.copyInto(spec.image, this.#volume(spec.volume));
    const made = { ...spec, labels: this.#ours(spec.labels) };
    this.#containers.set(spec.name, { spec: made, log: new LogBuffer(), state: created });
  }

  async ensureRunning(container: string): Promise<void> {
    await this.#gate.pass("ensureRunning");
    const known = this.#known(container);
    if (!isAlive(known.state)) this.#begin(known);
    known.state = { ...known.state, status: "running" };
  }

  async start(container: string): Promise<boolean> {
    await this.#gate.pass("start");
    const known = this.#containers.get(container);
    if (!known || isAlive(known.state)) return false;
    this.#begin(known);
    return true;
  }

  async thaw(container: string): Promise<boolean> {
    await this.#gate.pass("thaw");
    const known = this.#containers.get(container);
    if (known?.state.status !== "paused") return false;
    known.state = { ...known.state, status: "running" };
    return true;
  }

  async ensurePaused(container: string): Promise<void> {
    await this.#gate.pass("ensurePaused");
    const known = this.#known(container);
    if (!isAlive(known.state)) throw notRunning(container, known.state.status);
    known.state = { ...known.state, status: "paused" };
  }

  async ensureStopped(container: string): Promise<void> {
    await this.#gate.pass("ensureStopped");
    const known = this.#containers.get(container);
    if (known && isAlive(known.state)) this.#end(known, false);
  }

  async removeContainer(container: string): Promise<void> {
    await this.#gate.pass("removeContainer");
    this.#containers.delete(container);
    this.#commands.lose(container);
  }

  async inspect(container: string): Promise<ContainerState | null> {
    await this.#gate.pass("inspect");
    return this.#containers.get(container)?.state ?? null;
  }

  async list() {
    await this.#gate.pass("list");
    const { deployment } = this.#options;
    const isOurs = ({ labels }: { readonly labels: Labels }) =>
      deployment === undefined || labels[deploymentLabel] === deployment;
    const containers = [...this.#containers.values()].map(({ spec: { name, labels, image }, state: { status } }) => {
      return { name, labels, image, status };
    });
    const volumes = [...this.#volumes].map(([name, { labels }]) => ({ name, labels }));
    return { answered: null, containers: containers.filter(isOurs), volumes: volumes.filter(isOurs) };
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#happenings.follow(this.#gate.isAway ? [] : [{ kind: "connected" }], signal);
  }

  async exec(container: string, command: ExecCommand): Promise<ExecResult> {
    await this.#gate.pass("exec");
    const { state } = this.#known(container);
    if (state.status !== "running") throw notRunning(container, state.status);
    return this.#commands.run(container, this.#volumeOf(container), command);
  }

  /** Nothing outlives the process that started it, so nothing is ever left. */
  async killCommands(container: string): Promise<void> {
    await this.#gate.pass("killCommands");
    this.#known(container);
  }

  async *logs(container: string, options: Parameters<Runtime["logs"]>[1]): AsyncGenerator<LogLine> {
    await this.#gate.pass("logs");
    yield* this.#known(container).log.read(options);
  }

  async stats(container: string) {
    await this.#gate.pass("stats");
    const { state } = this.#known(container);
    return { memoryBytes: 0, cpuPercent: 0, pids: isAlive(state) ? 1 + this.#commands.count(container) : 0 };
  }

  close = async (): Promise<void> => this.#commands.lose();

  die(container: string, { outOfMemory = false }: { readonly outOfMemory?: boolean } = {}): void {
    const known = this.#known(container);
    this.#end(known, outOfMemory);
    const about = { container, labels: known.spec.labels };
    if (outOfMemory) this.#announce({ kind: "outOfMemory", ...about });
    this.#announce({ kind: "died", ...about });
  }

  print(container: string, line: string): void {
    const at = this.#options.now?.() ?? new Date();
    this.#known(container).log.push(Buffer.from(`${line}\n`), "stdout", at);
  }

  specOf = (container: string): ContainerSpec => this.#known(container).spec;

  away(isAway: boolean): void {
    const wasAway = this.#gate.isAway;
    this.#gate.isAway = isAway;
    if (isAway) this.#commands.lose();
    else if (wasAway) this.#announce({ kind: "connected" });
  }

  failNext = (method: RuntimeMethod, error: Error): void => this.#gate.failNext(method, error);
  hold = (method: RuntimeMethod): Hold => this.#gate.hold(method);
  calls = (method: RuntimeMethod): number => this.#gate.calls(method);

  #announce(event: RuntimeEvent): void {
    if (!this.#gate.isAway) this.#happenings.tell(event);
  }

  #begin(known: MemoryContainer): void {
    known.state = { ...created, status: "running", startedAt: this.#options.now?.() ?? new Date() };
  }

  #end(known: MemoryContainer, outOfMemory: boolean): void {
    known.state = { ...known.state, status: "stopped", exitCode: 137, outOfMemory };
    this.#commands.lose(known.spec.name);
  }

  #ours(labels: Labels): Labels {
    const { deployment } = this.#options;
    return deployment === undefined ? labels : { [deploymentLabel]: deployment, ...labels };
  }

  readonly #known = (container: string) => existing(this.#containers, "Container", container);
  readonly #volume = (volume: string) => existing(this.#volumes, "Volume", volume);
  readonly #volumeOf = (container: string) => this.#volume(this.#known(container).spec.volume);
}

function once(make: () => string) {
  let made: string | undefined;
  return async () => (made ??= make());
}
