import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { badInput, notFound, unavailable } from "../../errors.ts";
import { pathRefusals } from "../paths.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** A place in a volume, free of links: what exists of it, and the names below that do not exist yet. */
export interface Place {
  readonly real: string;
  readonly missing: readonly string[];
}

/** Follows the links of a path as far as it exists. @throws {GatewayError} BAD_USER_INPUT when they lead outside. */
export async function placeOf(root: string, names: readonly string[], path: string): Promise<Place> {
  for (let depth = names.length; depth >= 0; depth -= 1) {
    const there = join(root, ...names.slice(0, depth));
    const real = await realpath(there).catch(unless(["ENOENT", "ENOTDIR"], path));
    if (real !== null && !isInside(root, real)) throw pathRefusals.leadsOutside(path);
    if (real !== null) return { real, missing: names.slice(depth) };
    if (await lstat(there).catch(unless(["ENOENT", "ENOTDIR"], path))) throw pathRefusals.leadsOutside(path);
  }
  throw notFound("Volume", basename(root));
}

const isInside = (root: string, real: string) => real === root || real.startsWith(`${root}/`);

const unless = (codes: readonly string[], path: string) => (error: NodeJS.ErrnoException) => {
  if (codes.includes(error.code ?? "")) return null;
  throw refusalOf(error, path);
};

/** Says what an operating system's error means for a path. */
function refusalOf(error: Error & { readonly code?: unknown }, path: string): Error {
  switch (error.code) {
    case "ENOENT":
      return pathRefusals.missing(path);
    case "ENOTDIR":
    case "EEXIST":
      return pathRefusals.isNoFolder(path);
    case "EISDIR":
    case "ENOTEMPTY":
      return pathRefusals.isFolder(path);
    case "ELOOP":
      return pathRefusals.leadsOutside(path);
    case "ENXIO":
      return pathRefusals.isNoFile(path);
    case "EACCES":
    case "EPERM":
      return badInput("path", `Path "${path}" is closed to the gateway by its permissions`);
    default:
      return unavailable(`Path "${path}" cannot be used now`, error);
  }
}

/** Opens what a place names and makes sure that it still is there: a link may be put in the way meanwhile. */
export async function openInside(root: string, real: string, flags: number, path: string): Promise<FileHandle> {
  const handle = await open(real, flags | O_NOFOLLOW | O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw refusalOf(error, path);
  });
  const opened = await readlink(throughHandle(handle, real)).catch(() => real);
  if (isInside(root, opened)) return handle;
  await handle.close();
  throw pathRefusals.leadsOutside(path);
}

/** The path of an open folder that no renaming or linking can bend; where there is no `/proc`, its plain path. */
const throughHandle = (handle: FileHandle, real: string) =>
  process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : real;

/** Works in a folder of the volume, held open so that it stays that folder; makes it when `makes` says so. */
export async function inFolder<Result>(
  root: string,
  place: Place,
  path: string,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  let handle = await openInside(root, place.real, O_RDONLY | O_DIRECTORY, path);
  let real = place.real;
  try {
    for (const name of place.missing) {
      const below = join(throughHandle(handle, real), name);
      real = join(real, name);
      await mkdir(below).catch(unless(["EEXIST"], path));
      const next = await openInside(root, below, O_RDONLY | O_DIRECTORY, path);
      await handle.close();
      handle = next;
    }
    return await work(throughHandle(handle, real));
  } catch (error) {
    throw error instanceof Error && "syscall" in error ? refusalOf(error, path) : error;
  } finally {
    await handle.close();
  }
}

/** The place of the folder an entry is in, and the entry's name there. */
export const parentOf = ({ real, missing }: Place) =>
  missing.length > 0
    ? { folder: { real, missing: missing.slice(0, -1) }, name: missing.at(-1) ?? "" }
    : { folder: { real: dirname(real), missing: [] }, name: basename(real) };
