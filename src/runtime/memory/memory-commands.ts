import { badInput } from "../../errors.ts";
import type { ExecCommand, ExecEnd, ExecResult } from "../runtime.ts";
import { type MemoryVolume, runInVolume } from "./memory-volume.ts";
import { longestTimerMs } from "../../timers.ts";

type EarlyEnd = Exclude<ExecEnd, "exited">;

/** The commands that run now, by container. */
export class MemoryCommands {
  readonly #running = new Map<(end: EarlyEnd) => void, string>();

  async run(container: string, volume: MemoryVolume, command: ExecCommand): Promise<ExecResult> {
    if (command.argv.length === 0) throw badInput("argv", "A command needs at least the name of a program");
    let end: ExecEnd = "exited";
    const ending = new AbortController();
    const endEarly = (reason: EarlyEnd) => {
      if (end === "exited") end = reason;
      ending.abort();
    };
    if (command.signal?.aborted) return { end: "aborted", exitCode: null };
    const timer = setTimeout(() => endEarly("timedOut"), Math.min(command.timeoutMs, longestTimerMs));
    const abort = () => endEarly("aborted");
    command.signal?.addEventListener("abort", abort, { once: true });
    this.#running.set(endEarly, container);
    try {
      command.onStart?.();
      const { exitCode, pieces } = await runInVolume(volume, command, ending.signal);
      for (const [piece, stream] of pieces) {
        if (ending.signal.aborted) break;
        await command.onOutput?.(piece, stream);
      }
      return { end, exitCode: end === "exited" ? exitCode : null };
    } finally {
      clearTimeout(timer);
      command.signal?.removeEventListener("abort", abort);
      this.#running.delete(endEarly);
    }
  }

  /** Ends the commands of one container, or of all, as lost with it. */
  lose(container?: string): void {
    for (const [endEarly, where] of this.#running) {
      if (container === undefined || where === container) endEarly("containerLost");
    }
  }

  count(container: string): number {
    return [...this.#running.values()].filter((where) => where === container).length;
  }
}
