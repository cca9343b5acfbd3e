import { chmod, cp, lstat, mkdir, readdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { notFound, unavailable } from "../../errors.ts";
import type { Labels, VolumeParts } from "../runtime.ts";
import { checkedName, type Records, type VolumeRecord } from "./records.ts";

/** Volumes as folders. The record is written first and removed last, so no folder is ever without one. */
export class Volumes {
  readonly #folder: string;
  readonly #records: Records<VolumeRecord>;

  constructor(folder: string, records: Records<VolumeRecord>) {
    this.#folder = folder;
    this.#records = records;
  }

  async ensure(volume: string, labels: Labels): Promise<void> {
    if (!(await this.#records.read(volume))) await this.#records.write(volume, { labels });
    await mkdir(this.#path(volume), { recursive: true, mode: 0o700 });
  }

  /** The volume's folder, free of links. @throws {GatewayError} NOT_FOUND */
  async folderOf(volume: string): Promise<string> {
    return realpath(this.#path(volume)).catch(() => {
      throw notFound("Volume", volume);
    });
  }

  async copy(from: string, to: string, parts: VolumeParts): Promise<void> {
    const [source, target] = [await this.folderOf(from), await this.folderOf(to)];
    try {
      for (const name of await readdir(target)) await removeTree(join(target, name));
      for (const name of await readdir(source)) {
        if (name === "code" ? parts.code : parts.content) await copyTree(join(source, name), join(target, name));
      }
    } catch (error) {
      throw unavailable(`Volume "${from}" could not be copied to "${to}"`, error);
    }
  }

  async remove(volume: string): Promise<void> {
    await removeTree(this.#path(volume)).catch((error: unknown) => {
      throw unavailable(`Volume "${volume}" could not be removed`, error);
    });
    await this.#records.remove(volume);
  }

  all = () => this.#records.all();

  #path(volume: string): string {
    return join(this.#folder, checkedName(volume));
  }
}

/** Links are copied as links, never followed; sockets, pipes and devices stay behind. */
export const copyTree = (from: string, to: string) =>
  cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    filter: async (path) => {
      const stats = await lstat(path);
      return stats.isFile() || stats.isDirectory() || stats.isSymbolicLink();
    },
  });

/** Removes a folder also where its owner closed folders in it, as some package managers do. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await openFolders(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function openFolders(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return;
  await chmod(path, 0o700);
  for (const entry of await readdir(path)) await openFolders(join(path, entry));
}
