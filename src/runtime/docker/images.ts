import { GatewayError, unavailable } from "../../errors.ts";
import { buildImage } from "./build-image.ts";
import { callOrNull, type Engine, type Progress } from "./engine.ts";
import { builtImagePrefix, goneImage } from "../paths.ts";
import { pullImage } from "./pull-image.ts";
import { recipeLabel, recipeOfAgentImage } from "./recipe.ts";

/**
 * Makes sure the image can be used. Callers at the same time share one making of it.
 *
 * The default image is built where it is missing or was built by another recipe; one of that name that was
 * never built here is the operator's own and left alone. Any other image is pulled where it is missing, but for those that
 * were built here, which no registry has.
 *
 * @throws {GatewayError} UNAVAILABLE when it can be had in no way, NOT_FOUND for one that was built here and is gone.
 */
export async function ensureImage(engine: Engine, image: string, onProgress?: Progress): Promise<void> {
  const running = engine.images.get(image);
  if (running !== undefined) {
    if (onProgress) running.listeners.add(onProgress);
    return await running.done;
  }
  const listeners = new Set<Progress>(onProgress ? [onProgress] : []);
  const done = makeImage(engine, image, (line) => {
    for (const listener of listeners) listener(line);
  }).finally(() => engine.images.delete(image));
  engine.images.set(image, { listeners, done });
  await done;
}

async function makeImage(engine: Engine, image: string, onProgress: Progress): Promise<void> {
  const found = await callOrNull(engine, { what: `inspect image "${image}"` }, () =>
    engine.docker.getImage(image).inspect(),
  );
  if (image !== engine.options.image) {
    if (found === null && image.startsWith(builtImagePrefix)) throw goneImage(image);
    if (found === null) await pullMissing(engine, image, onProgress);
    return;
  }
  const recipe = await recipeOfAgentImage();
  const labels: Readonly<Record<string, string>> = found?.Config.Labels ?? {};
  if (found !== null && (labels[recipeLabel] === undefined || labels[recipeLabel] === recipe.hash)) return;
  onProgress(found === null ? `image ${image} is missing` : `image ${image} was built by an older recipe`);
  await buildImage(engine, image, recipe, onProgress);
}

async function pullMissing(engine: Engine, image: string, onProgress: Progress): Promise<void> {
  try {
    await engine.pulls(async () => {
      onProgress(`pulling ${image}`);
      await pullImage(engine, image, onProgress);
    });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const hint = "load it into the engine or name another image";
    throw unavailable(`Image "${image}" is not here and cannot be pulled; ${hint}. ${error.message}`, error);
  }
}
