import { randomUUID } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { modeText, pathNames, pathNamesOfEntry, pathRefusals } from "../paths.ts";
import type { FileEntry, RuntimeFiles } from "../runtime.ts";
import { inFolder, openInside, parentOf, placeOf } from "./held-folder.ts";

const pieceBytes = 256 * 1024;

/** The files of volumes that are folders here. `rootOf` names a container's, free of links, or throws NOT_FOUND. */
export function createProcessFiles(rootOf: (container: string) => Promise<string>): RuntimeFiles {
  return {
    async list(container, path) {
      const names = pathNames(path);
      const root = await rootOf(container);
      const place = await placeOf(root, names, path);
      refuseMissing(place.missing, path);
      return inFolder(root, place, path, listFolder);
    },

    async stat(container, path) {
      const names = pathNames(path);
      const root = await rootOf(container);
      if (names.length === 0) return entryOf(".", await lstat(root));
      return inParent(root, names, path, async (folder, name) => entryOf(name, await lstat(join(folder, name))));
    },

    async read(container, path, maxBytes) {
      const names = pathNamesOfEntry(path);
      const root = await rootOf(container);
      const { real, missing } = await placeOf(root, names, path);
      refuseMissing(missing, path);
      await using handle = await openInside(root, real, constants.O_RDONLY, path);
      const stats = await handle.stat();
      if (stats.isDirectory()) throw pathRefusals.isFolder(path);
      if (!stats.isFile()) throw pathRefusals.isNoFile(path);
      if (stats.size > maxBytes) throw pathRefusals.tooLarge(path, maxBytes);
      return await readAtMost(handle, path, maxBytes); // before the handle is closed
    },

    async write(container, path, content) {
      const names = pathNamesOfEntry(path);
      const root = await rootOf(container);
      const place = await placeOf(root, names, path);
      if (place.real === root && place.missing.length === 0) throw pathRefusals.isFolder(path);
      const { folder, name } = parentOf(place);
      await inFolder(root, folder, path, (at) => replaceFile(at, name, content));
    },

    async remove(container, path) {
      const names = pathNamesOfEntry(path);
      const root = await rootOf(container);
      await inParent(root, names, path, (folder, name) => rm(join(folder, name), { recursive: true }));
    },
  };
}

function refuseMissing(missing: readonly string[], path: string): void {
  if (missing.length > 0) throw pathRefusals.missing(path);
}

/** Works on an entry itself, without following it should it be a link. */
async function inParent<Result>(
  root: string,
  names: readonly string[],
  path: string,
  work: (folder: string, name: string) => Promise<Result>,
): Promise<Result> {
  const place = await placeOf(root, names.slice(0, -1), path);
  refuseMissing(place.missing, path);
  return inFolder(root, place, path, (folder) => work(folder, basename(names.at(-1) ?? "")));
}

async function listFolder(folder: string): Promise<readonly FileEntry[]> {
  const names = await readdir(folder);
  const entries = await Promise.all(
    names.toSorted().map((name) =>
      lstat(join(folder, name)).then(
        (stats) => entryOf(name, stats),
        () => null, // removed meanwhile
      ),
    ),
  );
  return entries.filter((entry) => entry !== null);
}

function entryOf(name: string, stats: Stats): FileEntry {
  return { name, kind: kindOf(stats), size: stats.size, mode: modeText(stats.mode), mtime: stats.mtime };
}

function kindOf(stats: Stats): FileEntry["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "symlink" : "other";
}

/** The file may grow while it is read; what passes the limit is refused all the same. */
async function readAtMost(handle: FileHandle, path: string, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let total = 0; ; ) {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.allocUnsafe(pieceBytes) });
    if (bytesRead === 0) return Buffer.concat(pieces);
    total += bytesRead;
    if (total > maxBytes) throw pathRefusals.tooLarge(path, maxBytes);
    pieces.push(buffer.subarray(0, bytesRead));
  }
}

/** Writes beside and renames, so a reader sees the old or the new whole; a script stays executable. */
async function replaceFile(folder: string, name: string, content: Uint8Array): Promise<void> {
  const draft = join(folder, `.raworc-${randomUUID()}.tmp`);
  const before = await lstat(join(folder, name)).catch(() => null);
  try {
    await writeFile(draft, content, { flag: "wx", mode: before?.isFile() ? before.mode & 0o777 : 0o644 });
    await rename(draft, join(folder, name));
  } finally {
    await rm(draft, { force: true });
  }
}
