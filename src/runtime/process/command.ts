import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { badInput, unavailable } from "../../errors.ts";
import type { ExecCommand, ExecEnd, ExecResult, OutputStream } from "../runtime.ts";
import { signalProcess, signalUntil } from "./process-table.ts";
import { longestTimerMs } from "../../timers.ts";

/** How long output may stay silent once the command ended: something that escaped holds the pipe open. */
const silenceMs = 1000;

/** What is started: the words, where, and the whole environment. */
export interface Launch {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly marker: string;
}

/** One command and all the processes that come of it; none of them outlives it. */
export class RunningCommand {
  readonly marker: string;
  readonly #command: ExecCommand;
  readonly #child: ChildProcess;
  #end: ExecEnd = "exited";
  #lastActivity = Date.now();
  #isTaking = false;

  /** @throws {GatewayError} BAD_USER_INPUT for words that no program can be given. */
  constructor(launch: Launch, command: ExecCommand) {
    this.marker = launch.marker;
    this.#command = command;
    this.#child = start(launch, command.stdin !== undefined);
  }

  /** A command is started in a session of its own, which has the number of its first process. */
  get sessions(): readonly number[] {
    return this.#child.pid === undefined ? [] : [this.#child.pid];
  }

  /** Ends the whole tree at once; the first reason given is the one reported. */
  async kill(reason: ExecEnd): Promise<void> {
    if (this.#end === "exited") this.#end = reason;
    await this.#killTree();
  }

  /** Follows the command to its end. Throws what `onOutput` throws, after ending the command. */
  async finish(): Promise<ExecResult> {
    const timer = setTimeout(() => void this.kill("timedOut"), Math.min(this.#command.timeoutMs, longestTimerMs));
    const abort = () => void this.kill("aborted");
    this.#command.signal?.addEventListener("abort", abort, { once: true });
    try {
      this.#give();
      return await this.#follow();
    } finally {
      clearTimeout(timer);
      this.#command.signal?.removeEventListener("abort", abort);
    }
  }

  async #follow(): Promise<ExecResult> {
    const taken = this.#takeAll();
    taken.catch(() => this.#killTree());
    const exitCode = await exitOf(this.#child);
    const end = this.#end;
    await this.#killTree();
    const watch = setInterval(() => this.#giveUpSilence(), silenceMs / 4);
    await taken.finally(() => clearInterval(watch));
    return { end, exitCode: end === "exited" ? exitCode : null };
  }

  #give(): void {
    const { stdin } = this.#child;
    stdin?.on("error", () => undefined); // a command need not read its input
    stdin?.end(this.#command.stdin);
  }

  async #takeAll(): Promise<void> {
    let turn = Promise.resolve();
    const take = (chunk: Uint8Array, stream: OutputStream) => {
      turn = turn.then(() => this.#take(chunk, stream));
      return turn;
    };
    const { stdout, stderr } = this.#child;
    await Promise.all([pump(stdout, (chunk) => take(chunk, "stdout")), pump(stderr, (chunk) => take(chunk, "stderr"))]);
  }

  async #take(chunk: Uint8Array, stream: OutputStream): Promise<void> {
    this.#isTaking = true;
    await this.#command.onOutput?.(chunk, stream);
    this.#isTaking = false;
    this.#lastActivity = Date.now();
  }

  #giveUpSilence(): void {
    if (this.#isTaking || Date.now() - this.#lastActivity < silenceMs) return;
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  async #killTree(): Promise<void> {
    await signalUntil(
      (marker) => marker === this.marker,
      "SIGKILL",
      () => false,
      this.sessions,
    );
    this.signalGroup("SIGKILL");
  }

  /** Signals the first process and its group: where there is no `/proc` to see the tree in, that is all there is. */
  signalGroup(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child;
    const isReaped = exitCode !== null || signalCode !== null; // then the number may be somebody else's
    if (pid !== undefined && !isReaped) signalProcess(-pid, signal);
  }
}

function start({ argv, cwd, env }: Launch, hasInput: boolean): ChildProcess {
  const [program = "", ...rest] = argv;
  try {
    // A group and a session of its own; never a shell of Node's, never the gateway's environment.
    return spawn(program, rest, {
      cwd,
      env: { ...env },
      detached: true,
      stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe"],
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "E2BIG") {
      throw badInput("argv", "The command and its environment are too long for this system");
    }
    throw badInput("argv", "A command and its environment must be text without NUL");
  }
}

const exitOf = (child: ChildProcess) =>
  new Promise<number>((resolve, reject) => {
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    child.once("error", (error) => reject(unavailable("The command could not be started", error)));
  });

async function pump(stream: Readable | null, take: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  if (!stream) return;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) await take(chunk); // no encoding is set: buffers
  } catch (error) {
    const isGivenUp = error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
    if (!isGivenUp) throw error;
  }
}
