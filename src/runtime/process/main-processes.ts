import { Happenings } from "../happenings.ts";
import { LogBuffer } from "../log-buffer.ts";
import type { ExecResult, RuntimeEvent } from "../runtime.ts";
import { longestTimerMs } from "../../timers.ts";
import type { CommandPlace, Commands } from "./commands.ts";
import type { ContainerRecord, Records } from "./records.ts";

/** A container that runs a program of its own. */
interface Main {
  readonly place: CommandPlace;
  readonly argv: readonly string[];
}

/**
 * The main processes of containers that have one. Each is a child of the gateway and ends with it; the next gateway
 * starts it again, for its container never stopped. Its log is in memory.
 */
export class MainProcesses {
  readonly #commands: Commands;
  readonly #containers: Records<ContainerRecord>;
  readonly #happenings = new Happenings();
  readonly #runs = new Map<string, Promise<ExecResult>>();
  readonly #logs = new Map<string, LogBuffer>();
  #isClosing = false;

  constructor(commands: Commands, containers: Records<ContainerRecord>) {
    this.#commands = commands;
    this.#containers = containers;
  }

  /** Starts the main process. Its end by itself stops the container and is announced. */
  start({ place, argv }: Main): void {
    const { container } = place;
    const log = this.logOf(container);
    const run = this.#commands.run(
      { ...place, isMain: true },
      { argv, timeoutMs: longestTimerMs, onOutput: (chunk, stream) => log.push(chunk, stream, new Date()) },
      async () => undefined,
    );
    this.#runs.set(container, run);
    const over = (end: ExecResult) => {
      if (this.#runs.get(container) !== run) return; // it was started again meanwhile
      this.#runs.delete(container);
      if (end.end !== "containerLost") void this.ended(container, end.exitCode);
    };
    void run.then(over, () => over(refused));
  }

  /** Whether the main process lives or is being started, whichever gateway process did that. */
  has = (container: string): boolean => this.#runs.has(container) || this.#commands.hasMain(container);

  /** What the main process printed to this gateway process, also in earlier runs of the container. */
  logOf(container: string): LogBuffer {
    const log = this.#logs.get(container) ?? new LogBuffer();
    this.#logs.set(container, log);
    return log;
  }

  forget = (container: string): void => void this.#logs.delete(container);
  events = (signal: AbortSignal): AsyncIterable<RuntimeEvent> =>
    this.#happenings.follow([{ kind: "connected" }], signal);

  /** From now on main processes end because the gateway does. */
  close(): void {
    this.#isClosing = true;
  }

  /** Stops the container of a main process that is no more, and announces it. */
  async ended(container: string, exitCode: number | null = null): Promise<void> {
    if (this.#isClosing) return;
    const record = await this.#containers.read(container).catch(() => null);
    if (record?.status !== "running" && record?.status !== "paused") return;
    const stopped = { ...record, status: "stopped", exitCode: exitCode ?? notStarted } as const;
    await this.#containers.write(container, stopped).catch(() => undefined);
    this.#happenings.tell({ kind: "died", container, labels: record.labels });
  }
}

/** What a shell says of a program that cannot be run. */
const notStarted = 126;
const refused: ExecResult = { end: "exited", exitCode: notStarted };
