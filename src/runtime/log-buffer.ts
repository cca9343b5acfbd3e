import type { LogLine, OutputStream } from "./runtime.ts";

/** So many lines of a main process are kept. */
const mostLines = 1000;
/** What is longer is broken. */
const longestLine = 65_536;

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
  readonly #rest: Record<OutputStream, string> = { stdout: "", stderr: "" };
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };

  /** Takes what was printed, as it came. */
  push(chunk: Uint8Array, stream: OutputStream, at: Date): void {
    const text = this.#rest[stream] + this.#decoders[stream].decode(chunk, { stream: true });
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    if (rest.length > longestLine) lines.push(rest);
    this.#rest[stream] = rest.length > longestLine ? "" : rest;
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
