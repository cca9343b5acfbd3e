import type { Readable } from "node:stream";
import type { LogLine, OutputStream } from "../runtime.ts";
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
  const rest: Record<OutputStream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  for await (const { stream, content } of framesOf(source)) {
    let pending = Buffer.concat([rest[stream], content]);
    for (let end = pending.indexOf(10); end >= 0; end = pending.indexOf(10)) {
      yield lineIn(pending.subarray(0, end).toString(), stream);
      pending = pending.subarray(end + 1);
    }
    rest[stream] = pending;
  }
  for (const stream of ["stdout", "stderr"] as const) {
    if (rest[stream].length > 0) yield lineIn(rest[stream].toString(), stream);
  }
}

/** The engine puts the time, in nanoseconds, before each line. */
function lineIn(line: string, stream: OutputStream): LogLine {
  const space = line.indexOf(" ");
  return { at: new Date(line.slice(0, space)), stream, text: line.slice(space + 1) };
}

async function* oneChunk(chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk;
}
