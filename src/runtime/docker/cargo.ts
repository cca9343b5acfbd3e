import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { deploymentLabel } from "../labels.ts";
import { agentFolder } from "../paths.ts";
import type { RuntimeCargo } from "../hosts.ts";
import { unavailable } from "../../errors.ts";
import { type Call, call, callOrNull, type Engine } from "./engine.ts";
import { helperLabel, helperOfLabel, removeHelper } from "./helpers.ts";
import { progressOf } from "./image-progress.ts";
import { ensureImage } from "./images.ts";
import { emptyVolume, keepParts, requireVolume } from "./volumes.ts";

/** A volume may be large, and the way long. */
const carryMs = 3_600_000;

/** Archives as Docker's own calls give and take them: owners, modes, times and links stay as they are. */
export const cargoOf = (engine: Engine): RuntimeCargo => ({
  async readVolume(volume) {
    await requireVolume(engine, volume);
    const container = await holdVolume(engine, volume, true);
    const of = { what: `read volume "${volume}"`, timeoutMs: carryMs };
    try {
      const archive = readable(
        await call(engine, of, (abortSignal) =>
          engine.docker.getContainer(container).getArchive({ path: `${agentFolder}/.`, abortSignal }),
        ),
      );
      archive.once("close", () => void letGo(engine, container));
      return archive;
    } catch (error) {
      await letGo(engine, container);
      throw error;
    }
  },
  async fillVolume(volume, archive, parts) {
    await requireVolume(engine, volume);
    await ensureImage(engine, engine.options.image);
    await emptyVolume(engine, volume);
    const container = await holdVolume(engine, volume, false);
    const of = { what: `fill volume "${volume}"`, timeoutMs: carryMs };
    try {
      await send(engine, of, archive, (abortSignal) =>
        engine.docker.getContainer(container).putArchive(archive, { path: agentFolder, abortSignal }),
      );
    } finally {
      await letGo(engine, container);
    }
    await keepParts(engine, volume, parts);
  },
  async readImage(image) {
    const of = { what: `read image "${image}"`, timeoutMs: carryMs }; // older engines write all of it down before they answer
    const found = await callOrNull(engine, of, () => engine.docker.getImage(image).inspect());
    return found && readable(await call(engine, of, () => engine.docker.getImage(image).get()));
  },
  async loadImage(image, archive) {
    const of = { what: `load image "${image}"`, timeoutMs: carryMs };
    const answer = await send(engine, of, archive, (abortSignal) => engine.docker.loadImage(archive, { abortSignal }));
    await progressOf(engine, of.what, carryMs, answer, () => undefined);
  },
});

/**
 * Makes a container that is never started, for the engine reaches into volumes only by way of one. Each has a name of
 * its own: several may read one volume.
 */
async function holdVolume(engine: Engine, volume: string, ReadOnly: boolean): Promise<string> {
  await ensureImage(engine, engine.options.image);
  const name = `raworc-carry-${volume}-${randomBytes(4).toString("hex")}`;
  const { image: Image, deployment } = engine.options;
  engine.helpersInUse.add(name);
  const made = call(engine, { what: `open volume "${volume}"` }, (abortSignal) =>
    engine.docker.createContainer({
      name,
      Image,
      Labels: { [helperLabel]: "carry", [helperOfLabel]: engine.process, [deploymentLabel]: deployment },
      HostConfig: { NetworkMode: "none", Mounts: [{ Type: "volume", Source: volume, Target: agentFolder, ReadOnly }] },
      abortSignal,
    }),
  );
  await made.catch((error: unknown) => {
    engine.helpersInUse.delete(name); // it may have been made all the same
    throw error;
  });
  return name;
}

/** What cannot be removed now is removed as what is not in use. */
async function letGo(engine: Engine, container: string): Promise<void> {
  engine.helpersInUse.delete(container);
  await removeHelper(engine, container).catch((err: unknown) =>
    engine.options.log.warn({ err, container }, "a helper could not be removed; it will be"),
  );
}

/** An archive that breaks off leaves the engine waiting for the rest of it, so the call ends with it. */
async function send<T>(engine: Engine, of: Call, archive: Readable, work: (signal: AbortSignal) => Promise<T>) {
  const broken = new AbortController();
  finished(archive, { writable: false }).catch((error: unknown) => broken.abort(error));
  try {
    return await call(engine, { ...of, signal: broken.signal }, work);
  } catch (error) {
    if (broken.signal.aborted) throw unavailable(`Could not ${of.what}: what was to be in it broke off`, error);
    throw error;
  }
}

/**
 * The library says "stream"; over HTTP it is Node's own response. That it broke off is heard by whoever reads it, who may
 * not have begun.
 */
function readable(stream: NodeJS.ReadableStream): Readable {
  const archive = stream instanceof Readable ? stream : new Readable().wrap(stream);
  return archive.on("error", () => undefined);
}
