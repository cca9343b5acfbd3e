import type { RuntimeHosts } from "./hosts.ts";

/**
 * The port to whatever holds computers: Docker, local processes, memory. It knows containers,
 * volumes, commands and files, and nothing of agents.
 *
 * Every `ensure…` and `remove…` may be repeated: it succeeds when the goal already holds.
 * Every method throws `GatewayError` UNAVAILABLE when the engine cannot be reached or refuses,
 * and NOT_FOUND where it names a container that is gone.
 */
export interface Runtime {
  readonly kind: RuntimeKind;
  /** The machines that computers are spread over; `null` where there is one engine and nothing to choose. */
  readonly hosts: RuntimeHosts | null;
  /**
   * Of several hosts, asks the one that has the container; without a container it is enough that one answers.
   *
   * @throws UNAVAILABLE within a few seconds when the engine does not answer.
   */
  ping(signal?: AbortSignal, container?: string): Promise<RuntimeInfo>;

  /**
   * Makes sure the image can be used, building the default one where it is missing; slow the first time.
   * One that was made by `images` is never looked for in a registry: NOT_FOUND when it is gone.
   * Of several hosts, the one that has the volume gets it; without a volume, all that answer do.
   */
  ensureImage(image: string, onProgress?: (line: string) => void, volume?: string): Promise<void>;
  readonly images: RuntimeImages;

  ensureVolume(volume: string, labels: Labels): Promise<void>;
  /**
   * Fills `to` with parts of `from`, which is only read. Repeatable: what an earlier, broken copy left
   * is replaced. `code` is the folder `code` in the volume, `content` is everything else.
   */
  copyVolume(from: string, to: string, parts: VolumeParts): Promise<void>;
  removeVolume(volume: string): Promise<void>;

  /** Makes the container if it is missing; does not start it. */
  ensureContainer(spec: ContainerSpec): Promise<void>;
  /** Starts or thaws. `seen` is what `inspect` has answered just now; with it the engine is not asked again. */
  ensureRunning(container: string, seen?: ContainerState): Promise<void>;
  /** Starts a stopped container, which is not asked after first; `false`, and nothing is done, when it is not stopped. */
  start(container: string): Promise<boolean>;
  /** Thaws a frozen container, which is not asked after first; `false`, and nothing is done, when it is not frozen. */
  thaw(container: string): Promise<boolean>;
  /** Freezes every process of a running container. CONFLICT when it does not run. */
  ensurePaused(container: string): Promise<void>;
  /** Stops the container (also a paused one), with `graceSeconds` between TERM and KILL. `seen` as with `ensureRunning`. */
  ensureStopped(container: string, graceSeconds?: number, seen?: ContainerState): Promise<void>;
  /** Where `list` saw it on a host, that may be said: what no computer owns is not found otherwise. */
  removeContainer(container: string, host?: string): Promise<void>;

  /** `null` when there is no such container. */
  inspect(container: string): Promise<ContainerState | null>;
  /** Every container and volume that carries this deployment's label. */
  list(): Promise<RuntimeInventory>;
  /**
   * Hints that something changed by itself (a death, an out-of-memory kill, a reconnect to the engine).
   * They may be late, repeated or missing: `list` is the truth. Ends when `signal` aborts; survives engine restarts.
   */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;

  /**
   * Runs one command in a running container as uid 1000. Killing (by time limit or signal) ends the
   * whole process tree of the command, also processes that left its group.
   *
   * CONFLICT and NOT_FOUND mean that the container does not run and nothing was started; UNAVAILABLE means the
   * same when it says `state: "notStarted"`, which any call may say where a host is away. What begins after it was said
   * to have failed is ended as soon as it has begun.
   */
  exec(container: string, command: ExecCommand): Promise<ExecResult>;
  /** Ends every command that an earlier gateway process left running in the container. */
  killCommands(container: string): Promise<void>;

  files: RuntimeFiles;

  /** What the container's main process printed, oldest first. `follow` goes on until `signal` aborts. */
  logs(container: string, options: { tail?: number; follow?: boolean; signal?: AbortSignal }): AsyncIterable<LogLine>;
  /** What it uses. Many at a time may wait for one another; who has aborted meanwhile is not measured for. */
  stats(container: string, signal?: AbortSignal): Promise<ContainerStats>;
  /** Frees what the adapter holds (sockets, timers); containers go on. */
  close(): Promise<void>;
}

export type RuntimeKind = "docker" | "process" | "memory";
export type Labels = Readonly<Record<string, string>>;

export interface RuntimeInfo {
  readonly kind: RuntimeKind;
  readonly version: string;
  /** Words for people when this runtime protects less than containers do, or a part of it is away; else `null`. */
  readonly warning: string | null;
}

/** What an image is made of, and what the commands that make it may use. */
export interface ImageSpec {
  /** Begins with `builtImagePrefix`. */
  readonly name: string;
  readonly base: string;
  readonly labels: Labels;
  readonly network: "NONE" | "EGRESS";
  readonly limits: ContainerLimits;
  /** What the image may take beyond its base. */
  readonly maxBytes: number;
}

/** Images with folders at `/opt/raworc/agents`, which the computers made from them can read and not change. */
export interface RuntimeImages {
  /** Begins an image; whatever there is of that name, whole or half made, is removed first. */
  open(spec: ImageSpec): Promise<ImageDraft>;
  /** Every image of this deployment, also the half made ones. */
  list(): Promise<readonly { readonly name: string; readonly labels: Labels }[]>;
  /** Removes an image, whole or half made. CONFLICT while a container, running or not, is made from it. */
  remove(name: string): Promise<void>;
}

/** An image in the making. Nothing of it can be used before `commit`. */
export interface ImageDraft {
  /**
   * Puts a copy of a folder of this host in, as `/opt/raworc/agents/NAME`. Links are copied as links, never
   * followed; what is no file, folder or link stays behind. CONFLICT once a command has run.
   */
  addFolder(folder: string, name: string): Promise<void>;
  /** Runs a command as `exec` does, in `/opt/raworc/agents` unless told otherwise; its `$HOME` is not kept. */
  run(command: ExecCommand): Promise<ExecResult>;
  /** Makes the image. PAYLOAD_TOO_LARGE when it takes more than it may. */
  commit(): Promise<void>;
  /** Leaves nothing of the draft; the image stays when it was made. */
  discard(): Promise<void>;
}

export interface VolumeParts {
  readonly code: boolean;
  readonly content: boolean;
}

export interface ContainerLimits {
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly pids: number;
}

export interface ContainerSpec {
  /** Made from the computer's id and generation, never from user input. */
  readonly name: string;
  readonly image: string;
  /** The main process, in `/agent`; without one it only waits for commands. What it prints is the container's log. */
  readonly command?: readonly string[];
  /** Mounted at `/agent`. */
  readonly volume: string;
  readonly network: "NONE" | "EGRESS";
  readonly limits: ContainerLimits;
  readonly labels: Labels;
}

export interface ContainerState {
  readonly status: "created" | "running" | "paused" | "stopped";
  readonly startedAt: Date | null;
  readonly exitCode: number | null;
  readonly outOfMemory: boolean;
}

export interface RuntimeInventory {
  /** The hosts that this is a list of: of the others nothing is known. `null` where there is one engine. */
  readonly answered: readonly string[] | null;
  readonly containers: readonly {
    readonly name: string;
    readonly labels: Labels;
    readonly status: ContainerState["status"];
    /** What it was made from; another word than was asked for once that means another image. `null`: not known. */
    readonly image: string | null;
    /** Which of several hosts has it. */
    readonly host?: string;
  }[];
  readonly volumes: readonly { readonly name: string; readonly labels: Labels; readonly host?: string }[];
}

export type RuntimeEvent =
  | { readonly kind: "connected" }
  /** One of several hosts does not answer any more. */
  | { readonly kind: "lost"; readonly host: string }
  | { readonly kind: "died" | "outOfMemory"; readonly container: string; readonly labels: Labels };

export type OutputStream = "stdout" | "stderr";

export interface ExecCommand {
  readonly argv: readonly string[];
  /** Secrets reach a command only here, never the container's configuration or its logs. */
  readonly env?: Readonly<Record<string, string>>;
  /** Inside the container; default `/agent`. */
  readonly cwd?: string;
  readonly stdin?: Uint8Array | string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Called when the command is on its way. */
  readonly onStart?: () => void;
  /** Called in order, as output comes. Returned promises are awaited, which holds the command back. */
  readonly onOutput?: (chunk: Uint8Array, stream: OutputStream) => void | Promise<void>;
}

export type ExecEnd = "exited" | "timedOut" | "aborted" | "containerLost";

export interface ExecResult {
  readonly end: ExecEnd;
  /** `null` unless `end` is `exited`. 128 + N when signal N ended it. */
  readonly exitCode: number | null;
  /** True when it was killed (137) in a container that ran out of memory and lives on. */
  readonly outOfMemory?: boolean;
}

/**
 * Files below `/agent`. Paths are relative, `/`-separated, without `..`; links that lead outside are refused.
 * Errors: NOT_FOUND, BAD_USER_INPUT (a bad path, a folder where a file is meant), PAYLOAD_TOO_LARGE.
 */
export interface RuntimeFiles {
  list(container: string, path: string): Promise<readonly FileEntry[]>;
  stat(container: string, path: string): Promise<FileEntry>;
  read(container: string, path: string, maxBytes: number): Promise<Uint8Array>;
  /** Replaces the file at once (a reader sees the old or the new whole); makes missing folders. */
  write(container: string, path: string, content: Uint8Array): Promise<void>;
  /** Removes a file, or a folder with all that is in it. */
  remove(container: string, path: string): Promise<void>;
}

export interface FileEntry {
  readonly name: string;
  readonly kind: "file" | "directory" | "symlink" | "other";
  readonly size: number;
  /** Permission bits in octal, such as `0644`. */
  readonly mode: string;
  readonly mtime: Date;
}

export interface LogLine {
  readonly at: Date;
  readonly stream: OutputStream;
  readonly text: string;
}

export interface ContainerStats {
  readonly memoryBytes: number;
  readonly cpuPercent: number;
  readonly pids: number;
}
