import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { GatewayError, unavailable } from "../../errors.ts";
import { call, callOrNull, type Engine, type Progress, versionOf } from "./engine.ts";
import { hostImageSettings, packHostImage } from "./host-image.ts";
import { progressOf } from "./image-progress.ts";
import { pullImage } from "./pull-image.ts";
import { type Recipe, recipeLabel } from "./recipe.ts";

const buildTimeoutMs = 1_200_000;
const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64", arm: "arm", s390x: "s390x" };

/**
 * Builds the default image: from its Dockerfile where a registry answers, otherwise out of this host's files.
 *
 * @throws {GatewayError} UNAVAILABLE with both reasons when neither works.
 */
export async function buildImage(engine: Engine, image: string, recipe: Recipe, onProgress: Progress): Promise<void> {
  const online = engine.options.offline
    ? "RAWORC was told to stay offline"
    : await buildOnline(engine, image, recipe, onProgress);
  if (online === null) return;
  onProgress(`making ${image} of this host's files, because ${online}`);
  try {
    await importHostImage(engine, image, recipe, onProgress);
  } catch (error) {
    const offline = error instanceof Error ? error.message : String(error);
    const advice = `build it with "docker build -t ${image} images/agent" where a registry can be reached`;
    throw unavailable(`Image "${image}" could not be built; ${advice}. Online: ${online}. Offline: ${offline}`, error);
  }
}

/** Answers with the reason when it cannot be done, for there is another way. */
async function buildOnline(
  engine: Engine,
  image: string,
  recipe: Recipe,
  onProgress: Progress,
): Promise<string | null> {
  try {
    await ensureBase(engine, recipe, onProgress);
    const context = pack();
    context.entry({ name: "Dockerfile" }, recipe.dockerfile);
    context.finalize();
    const labels = { [recipeLabel]: recipe.hash, "raworc.base": "dockerfile" };
    const what = `build image "${image}"`;
    const stream = await call(engine, { what, timeoutMs: buildTimeoutMs }, (abortSignal) =>
      engine.docker.buildImage(Readable.from(context), { t: image, labels, rm: true, forcerm: true, abortSignal }),
    );
    await progressOf(engine, what, buildTimeoutMs, stream, onProgress);
    return null;
  } catch (error) {
    if (error instanceof GatewayError) return error.message;
    throw error;
  }
}

/** Pulling first finds out soon, and apart from the build, whether there is a registry at all. */
async function ensureBase(engine: Engine, { dockerfile }: Recipe, onProgress: Progress): Promise<void> {
  const base = /^FROM (\S+)/m.exec(dockerfile)?.[1] ?? "";
  const found = await callOrNull(engine, { what: `inspect image "${base}"` }, () =>
    engine.docker.getImage(base).inspect(),
  );
  if (found !== null) return;
  onProgress(`pulling ${base}`);
  await pullImage(engine, base, onProgress);
}

async function importHostImage(engine: Engine, image: string, recipe: Recipe, onProgress: Progress): Promise<void> {
  const { Os, Arch } = await versionOf(engine);
  if (Os !== "linux" || Arch !== architectures[process.arch]) {
    throw new Error(`files of ${process.platform} ${process.arch} do not run on the engine's ${Os} ${Arch}`);
  }
  const { tar, missing } = await packHostImage();
  if (missing.length > 0) onProgress(`this host lacks ${missing.join(", ")}, and so will the image`);
  const changes = [...hostImageSettings, `LABEL ${recipeLabel}=${recipe.hash} raworc.base=host`].join("\n");
  const what = `import image "${image}"`;
  const stream = await call(engine, { what, timeoutMs: buildTimeoutMs }, (abortSignal) =>
    engine.docker.importImage(tar, { ...nameParts(image), changes, abortSignal }),
  );
  await progressOf(engine, what, buildTimeoutMs, stream, onProgress);
}

/** `host:5000/name:tag` into its repository and tag. */
function nameParts(image: string) {
  const colon = image.lastIndexOf(":");
  if (colon <= image.lastIndexOf("/")) return { repo: image, tag: "latest" };
  return { repo: image.slice(0, colon), tag: image.slice(colon + 1) };
}
