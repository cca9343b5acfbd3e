import { createReadStream } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Header, type Pack, pack } from "tar-stream";

const owner = { uid: 1000, gid: 1000 };

/**
 * Packs a folder of this host as an archive in which everything, and every folder on the way to `place`, belongs
 * to uid 1000 and can be read by all. Links are packed as links; what is no file, folder or link is left out.
 * Without a folder there is only the way. `packed` tells when all has been read, or why it could not be.
 */
export function packFolder(
  folder: string | null,
  place: string,
): { readonly tar: Pack; readonly packed: Promise<void> } {
  const tar = pack();
  const packed = fill(tar, folder, place);
  packed.catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  return { tar, packed };
}

async function fill(tar: Pack, folder: string | null, place: string): Promise<void> {
  const names = place.split("/");
  // The first folder on the way is the system's own.
  for (let depth = 2; depth < names.length; depth += 1) addFolder(tar, names.slice(0, depth).join("/"));
  if (folder === null) addFolder(tar, place);
  else await add(tar, folder, place);
  tar.finalize();
}

const addFolder = (tar: Pack, name: string) =>
  tar.entry({ name: `${name}/`, type: "directory", mode: 0o755, ...owner });

async function add(tar: Pack, path: string, name: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.isDirectory()) {
    addFolder(tar, name);
    for (const below of (await readdir(path)).toSorted()) await add(tar, join(path, below), `${name}/${below}`);
  } else if (stats.isSymbolicLink()) {
    tar.entry({ name, type: "symlink", linkname: await readlink(path), ...owner });
  } else if (stats.isFile()) {
    const mode = (stats.mode & 0o111) === 0 ? 0o644 : 0o755;
    await addFile(tar, path, { name, size: stats.size, mode, mtime: stats.mtime, ...owner });
  }
}

async function addFile(
  tar: Pack,
  path: string,
  header: Partial<Header> & { readonly name: string; readonly size: number },
) {
  if (header.size === 0) tar.entry(header, "");
  else await pipeline(createReadStream(path, { end: header.size - 1 }), tar.entry(header));
}
