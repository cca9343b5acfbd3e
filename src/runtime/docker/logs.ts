import type { Readable } from "node:stream";
import { Lines } from "../lines.ts";
import type { LogLine } from "../runtime.ts";
import { call, type Engine } from "./engine.ts";
import { framesOf } from "./frames.ts";

interface LogOptions {
  readonly tail?: number;
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * What the main process printed, which the engine keeps in files of limited size.
 *
 * @throws {GatewayError} NOT_FOUND when the container is gone.
 */
export async function* logsOf(engine: Engine, container: string, options: LogOptions): AsyncGenerator<LogLine> {
  const { tail, follow = false, signal } = options;
  const asked = { stdout: true, stderr: true, timestamps: true, ...(tail !== undefined && { tail }) };
  const of = { what: `read the log of container "${container}"`, container };
  if (signal?.aborted) return;
  const log = engine.docker.getContainer(container);
  if (!follow) {
    const whole = await call(engine, of, (abortSignal) => log.logs({ ...asked, follow: false, abortSignal }));
    yield* linesOf(oneChunk(whole));
    return;
  }
  // The library says "stream"; over HTTP it is Node's own response.
  const stream = (await call(engine, of, () => log.logs({ ...asked, follow: true }))) as Readable;
  yield* followed(stream, [signal, engine.closed.signal]);
}

async function* followed(stream: Readable, signals: readonly (AbortSignal | undefined)[]): AsyncGenerator<LogLine> {
  const ended = AbortSignal.any(signals.filter((signal) => signal !== undefined));
  const stop = () => stream.destroy();
  if (ended.aborted) stop();
  ended.addEventListener("abort", stop, { once: true });
  try {
    yield* linesOf(stream);
  } catch (error) {
    if (!ended.aborted) throw error;
  } finally {
    ended.removeEventListener("abort", stop);
    stream.destroy();
  }
}

async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<LogLine> {
  const printed = { stdout: new StampedLines(), stderr: new StampedLines() };
  for await (const { stream, content, begins } of framesOf(source)) {
    for (const line of printed[stream].push(content, begins)) yield { ...line, stream };
  }
  for (const stream of ["stdout", "stderr"] as const) {
    const { rest } = printed[stream];
    if (rest.text !== "") yield { ...rest, stream };
  }
}

/** More than any time is long. */
const longestStamp = 64;

/**
 * Takes the times out of a log: the engine puts one, in nanoseconds, at the beginning of each frame. A line is a frame,
 * or several: 16 kB are the most that the engine keeps in one.
 */
class StampedLines {
  readonly #lines = new Lines();
  /** What has come of the time of a frame; `null` once it is whole. */
  #stamp: string | null = null;
  #frameAt = new Date(Number.NaN);
  #lineAt = this.#frameAt;

  *push(content: Buffer, begins: boolean): Generator<Omit<LogLine, "stream">> {
    if (begins) this.#stamp = "";
    const text = this.#stamp === null ? content : this.#afterStamp(this.#stamp, content);
    for (const line of this.#lines.push(text)) {
      yield { at: this.#lineAt, text: line };
      this.#lineAt = this.#frameAt;
    }
  }

  /** The line that has no end. */
  get rest(): Omit<LogLine, "stream"> {
    return { at: this.#lineAt, text: this.#lines.rest };
  }

  #afterStamp(begun: string, content: Buffer): Buffer {
    const space = content.indexOf(" ");
    const end = space < 0 ? content.length : space;
    const stamp = (begun + content.toString("latin1", 0, end)).slice(0, longestStamp);
    if (space < 0) {
      this.#stamp = stamp;
      return content.subarray(end);
    }
    this.#stamp = null;
    this.#frameAt = new Date(stamp);
    if (this.#lines.rest === "") this.#lineAt = this.#frameAt;
    return content.subarray(space + 1);
  }
}

async function* oneChunk(chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk;
}
