import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { collectHostFiles, type HostFiles } from "./host-files.ts";

const accounts = {
  "/etc/passwd": "root:x:0:0:root:/root:/usr/sbin/nologin\nagent:x:1000:1000:agent:/agent:/bin/bash\n",
  "/etc/group": "root:x:0:\nagent:x:1000:\n",
  "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
};
const merged = { "/bin": "usr/bin", "/sbin": "usr/bin", "/lib": "usr/lib", "/lib64": "usr/lib64", "/usr/sbin": "bin" };

/** The same settings that the Dockerfile ends with, in the form the engine's import takes. */
export const hostImageSettings = [
  "ENV PATH=/usr/local/bin:/usr/bin:/bin HOME=/agent LANG=C.UTF-8",
  "WORKDIR /agent",
  "USER 1000:1000",
  'CMD ["sleep", "infinity"]',
];

export interface HostImage {
  /** The rootfs as a tar stream; destroyed with the reason when a file cannot be read. */
  readonly tar: Readable;
  readonly missing: readonly string[];
}

/**
 * Packs the rootfs of the default image out of this host's own files, for where no registry can be
 * reached. Nothing of the host but the listed programs, their libraries and the certificates goes in.
 */
export async function packHostImage(): Promise<HostImage> {
  if (process.platform !== "linux") throw new Error(`files of ${process.platform} cannot make a Linux image`);
  const found = await collectHostFiles();
  const tar = pack();
  fill(tar, found).then(
    () => tar.finalize(),
    (cause: unknown) => tar.destroy(cause instanceof Error ? cause : new Error(String(cause))),
  );
  return { tar: Readable.from(tar), missing: found.missing };
}

async function fill(tar: Pack, { files, links }: HostFiles): Promise<void> {
  const made = new Set<string>(["/", ".", ...Object.keys(merged)]);
  addFolder(tar, made, "/agent", { uid: 1000, gid: 1000 });
  addFolder(tar, made, "/tmp", { mode: 0o1777 });
  for (const path of [
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/etc",
    "/proc",
    "/sys",
    "/dev",
    "/root",
    "/run",
    "/var/tmp",
  ]) {
    addFolder(tar, made, path);
  }
  for (const [path, target] of Object.entries(merged)) addLink(tar, path, target);
  for (const [path, text] of Object.entries(accounts)) tar.entry({ name: nameOf(path) }, text);
  const places = new Map<string, string>();
  for (const { target, source } of files) {
    const first = places.get(source);
    if (first === undefined) await addFile(tar, made, target, source);
    else await addTwin(tar, made, target, first, source);
    places.set(source, first ?? target);
  }
  for (const [path, target] of links) {
    addFolder(tar, made, dirname(path));
    addLink(tar, path, target);
  }
}

function addFolder(
  tar: Pack,
  made: Set<string>,
  path: string,
  owner: { uid?: number; gid?: number; mode?: number } = {},
) {
  if (made.has(path)) return;
  made.add(path);
  addFolder(tar, made, dirname(path));
  tar.entry({ name: `${nameOf(path)}/`, type: "directory", mode: 0o755, ...owner });
}

const addLink = (tar: Pack, path: string, target: string) =>
  tar.entry({ name: nameOf(path), type: "symlink", linkname: target });

/** One file under two names is stored once; the mode of the second name is set on both. */
async function addTwin(tar: Pack, made: Set<string>, target: string, first: string, source: string): Promise<void> {
  addFolder(tar, made, dirname(target));
  const { mode, mtime } = await stat(source);
  tar.entry({ name: nameOf(target), type: "link", linkname: nameOf(first), mode: publicMode(mode), mtime });
}

async function addFile(tar: Pack, made: Set<string>, target: string, source: string): Promise<void> {
  addFolder(tar, made, dirname(target));
  const { size, mode, mtime } = await stat(source);
  if (size === 0) {
    tar.entry({ name: nameOf(target), mode: publicMode(mode), mtime }, "");
    return;
  }
  const entry = tar.entry({ name: nameOf(target), size, mode: publicMode(mode), mtime });
  createReadStream(source, { end: size - 1 })
    .on("error", (cause) => entry.destroy(cause))
    .pipe(entry);
  await finished(entry);
}

/** Readable by all and written by nobody; set-user-id bits stay behind. */
const publicMode = (mode: number) => ((mode & 0o111) === 0 ? 0o644 : 0o755);

const nameOf = (path: string) => path.slice(1);
