import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { conflict } from "../../errors.ts";
import { deploymentLabel } from "../labels.ts";
import { packFolder } from "../pack-folder.ts";
import { agentFolder, imageFolder, imageFolderVariable } from "../paths.ts";
import type { ImageDraft, ImageSpec } from "../runtime.ts";
import { agentUser, hardening, limitsOf, temporaryBytesOf } from "./container-options.ts";
import { ensureRunning, removeContainer } from "./containers.ts";
import { networkOptions } from "./egress.ts";
import { call, type Engine } from "./engine.ts";
import { exec } from "./exec.ts";
import { ensureImage } from "./images.ts";

/** What a draft is for. Images, and computers made from them, inherit it: only a draft's own name makes it one. */
const draftLabel = "raworc.draft";
const prefix = "raworc-draft-";
const listMs = 30_000;
const makeMs = 60_000;
const putMs = 300_000;

/** Each has a name of its own: who opened one that was replaced meanwhile must not reach the one in its place. */
const newName = (image: string) =>
  `${prefix}${image.replace(/[^A-Za-z0-9_.-]/g, ".")}.${randomBytes(4).toString("hex")}`;

/** True for the container of a draft, which is no computer. */
export const isDraft = (container: string) => container.startsWith(prefix);

/**
 * Makes the container that an image is made in. It is denied what every computer is denied, only its files can be
 * changed; it is started by the first command, so that folders are put in while nothing runs there that could
 * move the ground below them.
 */
export async function openDraft(
  engine: Engine,
  spec: ImageSpec,
  commit: (draft: string) => Promise<void>,
): Promise<ImageDraft> {
  await ensureImage(engine, spec.base);
  const name = newName(spec.name);
  await createContainer(engine, name, spec);
  await putFolder(engine, name, null, imageFolder);
  let started = false;
  return {
    async addFolder(folder, below) {
      if (started) throw conflict(`Image "${spec.name}" takes no more folders: a command has run in it`);
      await putFolder(engine, name, folder, `${imageFolder}/${below}`);
    },
    async run(command) {
      if (!started) await ensureRunning(engine, name);
      started = true;
      return exec(engine, name, { ...command, cwd: command.cwd ?? imageFolder, env: { ...places, ...command.env } });
    },
    commit: () => commit(name),
    discard: () => removeContainer(engine, name),
  };
}

const places = { HOME: agentFolder, [imageFolderVariable]: imageFolder };

/** What of the images in the making has a container: its draft's name, and what its labels say. */
export async function listDrafts(engine: Engine) {
  const filters = JSON.stringify({ label: [`${deploymentLabel}=${engine.options.deployment}`, draftLabel] });
  const containers = await call(engine, { what: "list drafts of images", timeoutMs: listMs }, (abortSignal) =>
    engine.docker.listContainers({ all: true, filters, abortSignal }),
  );
  return containers
    .map(({ Names, Labels }) => ({ draft: Names[0]?.slice(1) ?? "", image: Labels[draftLabel] ?? "", labels: Labels }))
    .filter(({ draft }) => isDraft(draft));
}

/** Removes whatever was begun of an image. */
export async function removeDrafts(engine: Engine, image: string): Promise<void> {
  for (const each of await listDrafts(engine)) if (each.image === image) await removeContainer(engine, each.draft);
}

/** `/agent` is in memory: an image must not hold what would be copied into every new volume. */
async function createContainer(engine: Engine, name: string, spec: ImageSpec): Promise<void> {
  const network = networkOptions(engine, spec.network);
  const limits = limitsOf(spec.limits);
  const ofAgent = `rw,exec,nosuid,nodev,uid=1000,gid=1000,mode=0755,size=${temporaryBytesOf(spec.limits)}`;
  const options = {
    name,
    Image: spec.base,
    Entrypoint: ["sleep", "infinity"],
    Cmd: [],
    User: agentUser,
    WorkingDir: agentFolder,
    Labels: {
      [deploymentLabel]: engine.options.deployment,
      ...spec.labels,
      ...network.labels,
      [draftLabel]: spec.name,
    },
    HostConfig: {
      ...hardening,
      ...limits,
      ReadonlyRootfs: false,
      Tmpfs: { ...limits.Tmpfs, [agentFolder]: ofAgent },
      ...network.host,
    },
  };
  const of = { what: `begin image "${spec.name}"`, timeoutMs: makeMs };
  await call(engine, of, (abortSignal) => engine.docker.createContainer({ ...options, abortSignal }));
}

/** Everything becomes uid 1000's, the folders above too, so that what a failed command left can be removed. */
async function putFolder(engine: Engine, draft: string, folder: string | null, place: string): Promise<void> {
  const { tar, packed } = packFolder(folder, place.slice(1));
  const of = { what: `put files into "${draft}"`, container: draft, timeoutMs: putMs };
  const sent = call(engine, of, (abortSignal) =>
    engine.docker.getContainer(draft).putArchive(Readable.from(tar), { path: "/", abortSignal }),
  );
  try {
    await Promise.all([packed, sent]);
  } catch (error) {
    tar.destroy();
    await Promise.race([Promise.allSettled([packed, sent]), delay(1000)]);
    throw error;
  }
}
