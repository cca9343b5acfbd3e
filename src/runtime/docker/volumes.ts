import { notFound, unavailable } from "../../errors.ts";
import { deploymentLabel } from "../labels.ts";
import { agentFolder } from "../paths.ts";
import type { Labels, VolumeParts } from "../runtime.ts";
import { agentUser, hardening } from "./container-options.ts";
import { call, callOrNull, type Engine } from "./engine.ts";
import { ensureImage } from "./images.ts";
import { removeHelper, runHelper } from "./helpers.ts";

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
  await callOrNull(engine, { what: `remove volume "${volume}"`, timeoutMs: 60_000 }, (abortSignal) =>
    engine.docker.getVolume(volume).remove({ abortSignal }),
  );
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
  const { exitCode, output } = await runHelper(engine, {
    name: `raworc-copy-${to}`,
    timeoutMs: copyTimeoutMs,
    options: {
      User: agentUser,
      Entrypoint: ["/bin/sh", "-c", copyScript, "copy"],
      Cmd: [String(parts.code), String(parts.content)],
      HostConfig: {
        ...hardening,
        NetworkMode: "none",
        Mounts: [
          { Type: "volume", Source: to, Target: agentFolder },
          { Type: "volume", Source: from, Target: "/source", ReadOnly: true },
        ],
      },
    },
  });
  if (exitCode !== 0) throw unavailable(`Volume "${from}" could not be copied: ${output.trim().slice(0, 500)}`);
}

const copyScript = `
set -eu
cd /agent
for entry in * .[!.]* ..?*; do
  if [ -e "$entry" ] || [ -L "$entry" ]; then rm -rf -- "$entry"; fi
done
cd /source
for entry in * .[!.]* ..?*; do
  if [ ! -e "$entry" ] && [ ! -L "$entry" ]; then continue; fi
  if [ "$entry" = code ]; then wanted=$1; else wanted=$2; fi
  if [ "$wanted" = true ]; then cp -a -- "$entry" /agent/; fi
done
`;
