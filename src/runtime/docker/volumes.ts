import { randomUUID } from "node:crypto";
import { GatewayError, notFound, unavailable } from "../../errors.ts";
import { deploymentLabel } from "../labels.ts";
import { agentFolder } from "../paths.ts";
import type { Labels, VolumeParts } from "../runtime.ts";
import { agentUser, hardening } from "./container-options.ts";
import { call, callOrNull, type Engine } from "./engine.ts";
import { ensureImage } from "./images.ts";
import { removeCarriers, removeHelper, runHelper } from "./helpers.ts";

const identityLabel = "raworc.host";
const copyTimeoutMs = 3_600_000;

/** Makes the volume unless it is there; one that is there keeps its labels, which the engine cannot change. */
export async function ensureVolume(engine: Engine, volume: string, labels: Labels): Promise<void> {
  const Labels = { [deploymentLabel]: engine.options.deployment, ...labels };
  await call(engine, { what: `make volume "${volume}"` }, (abortSignal) =>
    engine.docker.createVolume({ Name: volume, Labels, abortSignal }),
  );
}

/** @throws {GatewayError} CONFLICT while a container, running or not, has it mounted. */
export async function removeVolume(engine: Engine, volume: string): Promise<void> {
  const remove = () =>
    callOrNull(engine, { what: `remove volume "${volume}"`, timeoutMs: 60_000 }, (abortSignal) =>
      engine.docker.getVolume(volume).remove({ abortSignal }),
    );
  try {
    await remove();
  } catch (error) {
    if (!(error instanceof GatewayError && error.code === "CONFLICT")) throw error;
    await removeCarriers(engine, volume);
    await remove();
  }
}

/**
 * Says which engine this is, by a volume that is made for that: the id that the engine has itself may be that of the
 * machine, or of the machine it was cloned from.
 */
export async function identityOf(engine: Engine): Promise<string> {
  const { deployment } = engine.options;
  const Name = `raworc_host_${deployment}`;
  const Labels = { [deploymentLabel]: deployment, [identityLabel]: randomUUID() };
  // One that is there stays as it is.
  await call(engine, { what: "mark the engine" }, (abortSignal) =>
    engine.docker.createVolume({ Name, Labels, abortSignal }),
  );
  const { Labels: found } = await call(engine, { what: "read the mark of the engine" }, (abortSignal) =>
    engine.docker.getVolume(Name).inspect({ abortSignal }),
  );
  return found?.[identityLabel] ?? Name;
}

/** @throws {GatewayError} NOT_FOUND when there is no such volume. */
export async function requireVolume(engine: Engine, volume: string): Promise<void> {
  const found = await callOrNull(engine, { what: `inspect volume "${volume}"` }, (abortSignal) =>
    engine.docker.getVolume(volume).inspect({ abortSignal }),
  );
  if (found === null) throw notFound("Volume", volume);
}

/**
 * Gives a volume to uid 1000. The engine copies the owner of `/agent` up from each image whose container is
 * made with the volume: the default image has the right one, any other may have none and leave it to root.
 * So this comes after the making of such a container and before its start.
 */
export async function adoptVolume(engine: Engine, volume: string, image: string): Promise<void> {
  if (image === engine.options.image) return;
  await ensureImage(engine, engine.options.image);
  const name = `raworc-adopt-${volume}`;
  await removeHelper(engine, name);
  await call(engine, { what: `prepare volume "${volume}"` }, (abortSignal) =>
    engine.docker.createContainer({
      name,
      Image: engine.options.image,
      Labels: { "raworc.helper": "adopt", [deploymentLabel]: engine.options.deployment },
      HostConfig: { NetworkMode: "none", Mounts: [{ Type: "volume", Source: volume, Target: agentFolder }] },
      abortSignal,
    }),
  );
  await removeHelper(engine, name);
}

/**
 * Copies as uid 1000 in a helper container that sees nothing but the two volumes. What it does not finish
 * stays visible as an error; the next copy into the same volume begins with an empty one.
 *
 * @throws {GatewayError} NOT_FOUND when either volume is missing.
 */
export async function copyVolume(engine: Engine, from: string, to: string, parts: VolumeParts): Promise<void> {
  await requireVolume(engine, from);
  await requireVolume(engine, to);
  await ensureImage(engine, engine.options.image);
  await runInVolume(engine, to, {
    name: `raworc-copy-${to}`,
    script: `${emptyScript}${copyScript}`,
    args: [String(parts.code), String(parts.content)],
    source: from,
  });
}

/** Removes all that is in a volume. */
export const emptyVolume = (engine: Engine, volume: string) =>
  runInVolume(engine, volume, { name: `raworc-empty-${volume}`, script: emptyScript, args: [] });

/** Removes what is in a volume and is not among these parts. */
export async function keepParts(engine: Engine, volume: string, { code, content }: VolumeParts): Promise<void> {
  if (code && content) return;
  const args = [String(code), String(content)];
  await runInVolume(engine, volume, { name: `raworc-empty-${volume}`, script: partsScript, args });
}

interface VolumeScript {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  /** A volume that it can read at `/source`. */
  readonly source?: string;
}

/** Runs a script as uid 1000 that sees nothing but the volume, and another one to read. */
async function runInVolume(engine: Engine, volume: string, { name, script, args, source }: VolumeScript) {
  const { exitCode, output } = await runHelper(engine, {
    name,
    timeoutMs: copyTimeoutMs,
    options: {
      User: agentUser,
      Entrypoint: ["/bin/sh", "-c", `set -eu\n${script}`, "volume"],
      Cmd: [...args],
      HostConfig: {
        ...hardening,
        NetworkMode: "none",
        Mounts: [
          { Type: "volume", Source: volume, Target: agentFolder },
          ...(source === undefined
            ? []
            : [{ Type: "volume" as const, Source: source, Target: "/source", ReadOnly: true }]),
        ],
      },
    },
  });
  if (exitCode !== 0) throw unavailable(`Volume "${volume}" could not be filled: ${output.trim().slice(0, 500)}`);
}

const emptyScript = `
cd /agent
for entry in * .[!.]* ..?*; do
  if [ -e "$entry" ] || [ -L "$entry" ]; then rm -rf -- "$entry"; fi
done
`;

const partsScript = `
cd /agent
for entry in * .[!.]* ..?*; do
  if [ ! -e "$entry" ] && [ ! -L "$entry" ]; then continue; fi
  if [ "$entry" = code ]; then wanted=$1; else wanted=$2; fi
  if [ "$wanted" != true ]; then rm -rf -- "$entry"; fi
done
`;

const copyScript = `
cd /source
for entry in * .[!.]* ..?*; do
  if [ ! -e "$entry" ] && [ ! -L "$entry" ]; then continue; fi
  if [ "$entry" = code ]; then wanted=$1; else wanted=$2; fi
  if [ "$wanted" = true ]; then cp -a -- "$entry" /agent/; fi
done
`;
