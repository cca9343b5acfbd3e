import { randomUUID } from "node:crypto";
import { posix } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { badInput } from "../../errors.ts";
import { agentFolder, imageFolder, imageFolderVariable } from "../paths.ts";
import type { ExecCommand, ExecResult } from "../runtime.ts";
import { type Launch, RunningCommand } from "./command.ts";
import { markerVariable, type ProcessEntry, processesOf, signalUntil } from "./process-table.ts";
import type { Sandbox, Sight } from "./sandbox.ts";

/** Where a command runs. */
export interface CommandPlace extends Sight {
  readonly container: string;
  /** The container's main process, which is no left-over of whoever started it. */
  readonly isMain?: boolean;
}

/** Enters the folder, then becomes the command: so a missing program is 127, as a shell says it. */
const launcher = ["/bin/sh", "-c", 'cd -- "$0" || exit 126; exec "$@"'];
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** All commands of all containers of one deployment on this machine. */
export class Commands {
  readonly #deployment: string;
  readonly #findSandbox: () => Promise<Sandbox | null>;
  readonly #running = new Map<string, RunningCommand>();
  #lastTurn = Promise.resolve();
  #isClosed = false;

  constructor(deployment: string, findSandbox: () => Promise<Sandbox | null>) {
    this.#deployment = deployment;
    this.#findSandbox = findSandbox;
  }

  /**
   * Runs a command to its end. `isAllowed` is asked once more after the start, for an order to stop or
   * pause that came in between; when it throws, the command is ended and the refusal comes back.
   */
  async run(place: CommandPlace, command: ExecCommand, isAllowed: () => Promise<void>): Promise<ExecResult> {
    if (command.argv.length === 0) throw badInput("argv", "A command needs at least the name of a program");
    const launch = this.#launch(place, command, await this.#findSandbox());
    await this.#turn();
    if (command.signal?.aborted || this.#isClosed) return { end: "aborted", exitCode: null };
    const running = new RunningCommand(launch, command);
    this.#running.set(running.marker, running);
    try {
      command.onStart?.();
      const finished = running.finish();
      await Promise.race([isAllowed(), finished]).catch(async (refusal: unknown) => {
        await running.kill("containerLost");
        await finished.catch(() => undefined);
        throw refusal;
      });
      return await finished;
    } finally {
      this.#running.delete(running.marker);
    }
  }

  /** Ends everything in a container; commands of this process report that it was lost. */
  async stop(container: string): Promise<void> {
    await Promise.all(this.#own(container).map((running) => running.kill("containerLost")));
    await signalUntil(
      (marker) => this.#isIn(container, marker),
      "SIGKILL",
      () => false,
    );
  }

  /** Ends what other gateway processes started in a container, which are those that died. */
  async killLeftOver(container: string): Promise<void> {
    const isLeftOver = (marker: string) => this.#isIn(container, marker) && !this.#running.has(marker);
    await signalUntil(isLeftOver, "SIGKILL", () => false);
  }

  freeze = (container: string) => this.#signalAll(container, "SIGSTOP", isFrozen);
  thaw = (container: string) => this.#signalAll(container, "SIGCONT", (entry) => !isFrozen(entry));

  /** Whether the container's main process lives, whichever gateway process started it. */
  hasMain(container: string): boolean {
    const isMain = (marker: string) => this.#isMain(container, marker);
    return [...this.#running.keys()].some(isMain) || processesOf(isMain).length > 0;
  }

  processes(container: string): readonly ProcessEntry[] {
    return processesOf((marker) => this.#isIn(container, marker), new Set(this.#sessions(container)));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#running.values()].map((running) => running.kill("aborted")));
  }

  /** Nothing else goes on while a process is started, so many that are to start leave turns to the rest. */
  #turn(): Promise<void> {
    this.#lastTurn = this.#lastTurn.then(() => nextTurn());
    return this.#lastTurn;
  }

  async #signalAll(container: string, signal: NodeJS.Signals, isDone: (entry: ProcessEntry) => boolean): Promise<void> {
    for (const running of this.#own(container)) running.signalGroup(signal);
    await signalUntil((marker) => this.#isIn(container, marker), signal, isDone, this.#sessions(container));
  }

  #own(container: string): readonly RunningCommand[] {
    return [...this.#running.values()].filter(({ marker }) => this.#isIn(container, marker));
  }

  #sessions(container: string): readonly number[] {
    return this.#own(container).flatMap(({ sessions }) => sessions);
  }

  #isMain(container: string, marker: string): boolean {
    return marker.startsWith(`${this.#deployment}/${container}:${mainMark}`);
  }

  #isIn(container: string, marker: string): boolean {
    return marker.startsWith(`${this.#deployment}/${container}:`);
  }

  #launch(place: CommandPlace, command: ExecCommand, sandbox: Sandbox | null): Launch {
    const home = sandbox ? agentFolder : place.volumeFolder;
    const marker = `${this.#deployment}/${place.container}:${place.isMain ? mainMark : ""}${randomUUID()}`;
    const images = sandbox ? imageFolder : (place.image?.folder ?? imageFolder);
    const wrapping = sandbox?.wrap(place) ?? [];
    return {
      marker,
      argv: [...wrapping, ...launcher, folderOf(command.cwd, home, images), ...command.argv],
      cwd: place.volumeFolder,
      env: {
        PATH: path,
        HOME: home,
        AGENT_HOME: home,
        USER: "agent",
        LANG: "C.UTF-8",
        ...(place.image ? { [imageFolderVariable]: images } : {}),
        ...command.env,
        [markerVariable]: marker,
      },
    };
  }
}

const mainMark = "main-";

const isFrozen = ({ state }: ProcessEntry) => state === "T" || state === "t";

/** `/agent` is the home folder and the image's folder is its own, wherever they are; others are what they say. */
function folderOf(cwd: string | undefined, home: string, images: string): string {
  const asked = posix.resolve(agentFolder, cwd ?? ".");
  const isIn = (folder: string) => asked === folder || asked.startsWith(`${folder}/`);
  if (isIn(agentFolder)) return home + asked.slice(agentFolder.length);
  return isIn(imageFolder) ? images + asked.slice(imageFolder.length) : asked;
}
