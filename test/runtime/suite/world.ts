import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, test } from "vitest";
import type { ContainerSpec, ExecCommand, ExecResult, OutputStream, Runtime } from "../../../src/runtime/runtime.ts";

/** `true`, or the reason why an adapter honestly cannot keep a promise. */
export type Ability = true | string;

/** What an adapter is and what it cannot do; a promise it cannot keep is skipped by name, with the reason. */
export interface RuntimeCapabilities {
  /** The deployment whose label the opened runtimes list. */
  readonly deployment: string;
  readonly image: string;
  /** Real processes: signals, groups, a tree to kill. */
  readonly processes: Ability;
  /** Output is passed on while the command runs, and held back when nobody takes it. */
  readonly liveOutput: Ability;
  /** Opening again gives a second adapter over the same world, as a gateway that was started again. */
  readonly secondGateway: Ability;
  /** Containers can have a main process of their own. */
  readonly mainProcess: Ability;
  /** Ends a container's main process as a crash would; a text when there is no such process. */
  readonly endMain: ((runtime: Runtime, container: string) => Promise<void>) | string;
}

export type OpenRuntime = () => Promise<Runtime>;

/** `test`; nothing for an adapter that makes no such promise, and that says why in its capabilities. */
export const testWith = (ability: Ability | RuntimeCapabilities["endMain"]) =>
  typeof ability === "string" ? (_name: string, _promise: () => unknown) => undefined : test;

/** The runtime under test and the things a block of tests makes; all of them are removed after the block. */
export class World {
  readonly #containers = new Set<string>();
  readonly #volumes = new Set<string>();
  readonly capabilities: RuntimeCapabilities;
  #runtime: Runtime | null = null;

  constructor(capabilities: RuntimeCapabilities) {
    this.capabilities = capabilities;
  }

  get runtime(): Runtime {
    if (!this.#runtime) throw new Error("The runtime is opened before the first test");
    return this.#runtime;
  }

  async open(open: OpenRuntime): Promise<void> {
    this.#runtime = await open();
    await this.#runtime.ensureImage(this.capabilities.image);
  }

  /** A name that no other test uses. */
  newName(): string {
    return `raworc-test-${randomUUID().slice(0, 13)}`;
  }

  /** What a caller says; the deployment's own label is the adapter's to add. */
  labels(ofAnother: Record<string, string> = {}): Record<string, string> {
    return { ...ofAnother, "raworc.test": "suite" };
  }

  spec(name: string, changes: Partial<ContainerSpec> = {}): ContainerSpec {
    return {
      name,
      image: this.capabilities.image,
      volume: name,
      network: "NONE",
      limits: { memoryBytes: 256 * 1024 * 1024, cpus: 1, pids: 64 },
      labels: this.labels(),
      ...changes,
    };
  }

  async newVolume(labels = this.labels()): Promise<string> {
    const volume = this.newName();
    this.#volumes.add(volume);
    await this.runtime.ensureVolume(volume, labels);
    return volume;
  }

  /** A container that was made and not started, on a volume of its own or the one given. */
  async newCreated(changes: Partial<ContainerSpec> = {}): Promise<string> {
    const volume = changes.volume ?? (await this.newVolume());
    const container = this.newName();
    this.#containers.add(container);
    await this.runtime.ensureContainer(this.spec(container, { ...changes, volume }));
    return container;
  }

  async newRunning(changes: Partial<ContainerSpec> = {}): Promise<string> {
    const container = await this.newCreated(changes);
    await this.runtime.ensureRunning(container);
    return container;
  }

  async close(): Promise<void> {
    for (const container of this.#containers) await this.runtime.removeContainer(container);
    for (const volume of this.#volumes) await this.runtime.removeVolume(volume);
    await this.runtime.close();
  }
}

/** Opens a world before the tests of the present block and empties it after them. */
export function useWorld(open: OpenRuntime, capabilities: RuntimeCapabilities): World {
  const world = new World(capabilities);
  beforeAll(() => world.open(open), 180_000);
  afterAll(() => world.close(), 60_000);
  return world;
}

export interface Ran extends ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Which stream each piece came from, in order. */
  readonly order: readonly OutputStream[];
}

/** Runs a command to its end and keeps what it printed; a text is run by `sh -c`. */
export async function run(
  runtime: Runtime,
  container: string,
  command: string | readonly string[],
  options: Partial<ExecCommand> = {},
): Promise<Ran> {
  const output: Record<OutputStream, Uint8Array[]> = { stdout: [], stderr: [] };
  const order: OutputStream[] = [];
  const result = await runtime.exec(container, {
    argv: typeof command === "string" ? ["sh", "-c", command] : command,
    timeoutMs: 20_000,
    onOutput: (chunk, stream) => {
      output[stream].push(chunk);
      order.push(stream);
    },
    ...options,
  });
  const textOf = (stream: OutputStream) => Buffer.concat(output[stream]).toString();
  return { ...result, stdout: textOf("stdout"), stderr: textOf("stderr"), order };
}

/** Lets time pass where the computer is, for promises that something does not happen. */
export const letTimePass = (runtime: Runtime, container: string, seconds = 0.25) =>
  run(runtime, container, ["sleep", String(seconds)]);

export const bytes = (text: string) => new TextEncoder().encode(text);
export const textOf = (content: Uint8Array) => new TextDecoder().decode(content);
/** Matches a `GatewayError` with that code. */
export const refusal = (code: string) => ({ name: "GatewayError", code });
