import { posix } from "node:path";
import type { FsStat, IFileSystem } from "just-bash";
import { agentFolder, modeText, pathNames, pathNamesOfEntry, pathRefusals } from "../paths.ts";
import type { FileEntry, RuntimeFiles } from "../runtime.ts";

/** The files of simulated volumes. `filesOf` gives a container's, or throws NOT_FOUND. */
export function createMemoryFiles(filesOf: (container: string) => IFileSystem): RuntimeFiles {
  return {
    async list(container, path) {
      const fs = filesOf(container);
      const place = await existing(fs, pathNames(path), path);
      if (!(await fs.lstat(place)).isDirectory) throw pathRefusals.isNoFolder(path);
      const names = (await fs.readdir(place)).toSorted();
      return Promise.all(names.map(async (name) => entryOf(name, await fs.lstat(`${place}/${name}`))));
    },

    async stat(container, path) {
      const fs = filesOf(container);
      const names = pathNames(path);
      return entryOf(names.at(-1) ?? ".", await fs.lstat(await entryPlace(fs, names, path)));
    },

    async read(container, path, maxBytes) {
      const fs = filesOf(container);
      const place = await existing(fs, pathNamesOfEntry(path), path);
      const stats = await fs.lstat(place);
      if (stats.isDirectory) throw pathRefusals.isFolder(path);
      if (stats.size > maxBytes) throw pathRefusals.tooLarge(path, maxBytes);
      return Uint8Array.from(await fs.readFileBuffer(place));
    },

    async write(container, path, content) {
      const fs = filesOf(container);
      const { real, missing } = await placeOf(fs, pathNamesOfEntry(path), path);
      const before = await fs.lstat(real);
      if (missing.length === 0 && before.isDirectory) throw pathRefusals.isFolder(path);
      if (missing.length > 0 && !before.isDirectory) throw pathRefusals.isNoFolder(path);
      const place = posix.join(real, ...missing);
      await fs.mkdir(posix.dirname(place), { recursive: true });
      await fs.writeFile(place, Uint8Array.from(content));
      if (missing.length === 0) await fs.chmod(place, before.mode);
    },

    async remove(container, path) {
      const fs = filesOf(container);
      await fs.rm(await entryPlace(fs, pathNamesOfEntry(path), path), { recursive: true });
    },
  };
}

/** Where a path leads when all of its links are followed, and the names below that do not exist yet. */
async function placeOf(fs: IFileSystem, names: readonly string[], path: string) {
  for (let depth = names.length; depth > 0; depth -= 1) {
    const there = posix.join(agentFolder, ...names.slice(0, depth));
    const stats = await fs.lstat(there).catch(() => null);
    if (!stats) continue;
    const real = await fs.realpath(there).catch(() => null);
    const isInside = real === agentFolder || real?.startsWith(`${agentFolder}/`);
    if (real === null || !isInside) throw pathRefusals.leadsOutside(path);
    return { real, missing: names.slice(depth) };
  }
  return { real: agentFolder, missing: names };
}

async function existing(fs: IFileSystem, names: readonly string[], path: string): Promise<string> {
  const { real, missing } = await placeOf(fs, names, path);
  if (missing.length > 0) throw pathRefusals.missing(path);
  return real;
}

/** Where an entry itself is, not followed should it be a link. */
async function entryPlace(fs: IFileSystem, names: readonly string[], path: string): Promise<string> {
  const folder = await existing(fs, names.slice(0, -1), path);
  const place = posix.join(folder, ...names.slice(-1));
  if (!(await fs.lstat(place).catch(() => null))) throw pathRefusals.missing(path);
  return place;
}

function entryOf(name: string, stats: FsStat): FileEntry {
  const kind = stats.isSymbolicLink ? "symlink" : stats.isDirectory ? "directory" : "file";
  return { name, kind, size: stats.size, mode: modeText(stats.mode), mtime: stats.mtime };
}
