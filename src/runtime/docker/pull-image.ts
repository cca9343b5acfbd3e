import { call, type Engine, type Progress } from "./engine.ts";
import { progressOf } from "./image-progress.ts";

/** A registry that can be reached answers within this; it is how the absence of one is noticed. */
const registryAnswerMs = 15_000;
const pullTimeoutMs = 600_000;

/** @throws {GatewayError} UNAVAILABLE or NOT_FOUND, soon where no registry answers. */
export async function pullImage(engine: Engine, image: string, onProgress: Progress): Promise<void> {
  const of = { what: `pull image "${image}"`, timeoutMs: registryAnswerMs };
  const stream = await call(engine, of, () => engine.docker.pull(withTag(image)));
  await progressOf(engine, of.what, pullTimeoutMs, stream, onProgress);
}

/** Without a tag the engine would pull every one there is. */
const withTag = (image: string) => (/[:@][^/]*$/.test(image) ? image : `${image}:latest`);
