import { Lines } from "./lines.ts";
import type { LogLine, OutputStream } from "./runtime.ts";

/** So many lines of a main process are kept. */
const mostLines = 1000;

interface LogOptions {
  readonly tail?: number;
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** The newest lines of one main process, in memory. A line counts once its end has come. */
export class LogBuffer {
  #lines: LogLine[] = [];
  /** How many lines there were before those that are kept. */
  #dropped = 0;
  #changed = Promise.withResolvers<void>();
  readonly #printed: Record<OutputStream, Lines> = { stdout: new Lines(), stderr: new Lines() };

  /** Takes what was printed, as it came. */
  push(chunk: Uint8Array, stream: OutputStream, at: Date): void {
    const lines = this.#printed[stream].push(chunk);
    if (lines.length === 0) return;
    this.#lines.push(...lines.map((line) => ({ at, stream, text: line })));
    const surplus = Math.max(0, this.#lines.length - mostLines);
    this.#lines = this.#lines.slice(surplus);
    this.#dropped += surplus;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** The last `tail` lines, and with `follow` what comes after them, until the signal aborts. */
  async *read({ tail = mostLines, follow = false, signal }: LogOptions): AsyncGenerator<LogLine, void, undefined> {
    const ended = Promise.withResolvers<void>();
    const end = () => ended.resolve();
    const isOver = () => signal?.aborted ?? false;
    signal?.addEventListener("abort", end, { once: true });
    try {
      let next = this.#dropped + Math.max(0, this.#lines.length - tail);
      while (!isOver()) {
        const changed = this.#changed.promise;
        const coming = this.#lines.slice(Math.max(0, next - this.#dropped));
        next = this.#dropped + this.#lines.length; // more may come while these are taken
        for (const line of coming) {
          if (isOver()) return;
          yield line;
        }
        if (!follow) return;
        await Promise.race([changed, ended.promise]);
      }
    } finally {
      signal?.removeEventListener("abort", end);
    }
  }
}
