import { Readable } from "node:stream";
import { unavailable } from "../../errors.ts";
import { call, type Engine, type Progress } from "./engine.ts";
import { jsonLinesOf } from "./json-lines.ts";

/**
 * Reads the stream of a pull, build or import to its end and passes its lines on.
 *
 * @throws {GatewayError} UNAVAILABLE with the engine's reason: errors come in the stream, after a 200.
 */
export async function progressOf(
  engine: Engine,
  what: string,
  timeoutMs: number,
  stream: NodeJS.ReadableStream,
  onProgress: Progress,
): Promise<void> {
  await call(engine, { what, timeoutMs }, async (signal) => {
    const stop = () => void (stream instanceof Readable && stream.destroy());
    signal.addEventListener("abort", stop, { once: true });
    for await (const { error, stream: text, status, id } of jsonLinesOf(stream)) {
      if (typeof error === "string") throw unavailable(`Docker could not ${what}: ${error.slice(0, 500)}`);
      const line = typeof text === "string" ? text : typeof status === "string" ? status : "";
      if (line.trim() !== "") onProgress(typeof id === "string" ? `${id}: ${line.trim()}` : line.trim());
    }
  });
}
