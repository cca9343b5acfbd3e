import { badInput, GatewayError } from "../errors.ts";

/** Where the volume is mounted in every computer. */
export const agentFolder = "/agent";

/** Where the folders that were built into an image lie; computers can read them and not change them. */
export const imageFolder = "/opt/raworc/agents";
/** Tells commands where `imageFolder` is, for on a runtime without a sandbox it is elsewhere. */
export const imageFolderVariable = "RAWORC_AGENTS";
/** What the names of images begin with that were built here, and that no registry has. */
export const builtImagePrefix = "raworc_space_";

/** What every adapter answers where an image is wanted that was built here and is no more. */
export const goneImage = (image: string) =>
  new GatewayError("NOT_FOUND", `Image "${image}" is gone; build the space's agents again`);

const longestPath = 4096;
const longestNameBytes = 255;

/**
 * Splits a path below `/agent` into its names. `.` and doubled slashes fall away, so `.` alone is the
 * folder itself and gives no names.
 *
 * @throws {GatewayError} BAD_USER_INPUT for empty and absolute paths, `..`, NUL, and what no file system takes.
 */
export function pathNames(path: string): readonly string[] {
  if (path === "") throw badInput("path", `A path is needed; "." is the folder itself`);
  if (path.includes("\0")) throw badInput("path", "A path cannot contain NUL");
  if (path.length > longestPath) throw badInput("path", `A path has at most ${longestPath} characters`);
  if (path.startsWith("/")) throw badInput("path", `Path "${path}" must be relative to ${agentFolder}`);
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) throw badInput("path", `Path "${path}" must not contain ".."`);
  if (names.some((name) => Buffer.byteLength(name) > longestNameBytes)) {
    throw badInput("path", `A name in a path has at most ${longestNameBytes} bytes`);
  }
  return names;
}

/**
 * `pathNames` for calls that need something in the folder, not the folder itself.
 *
 * @throws {GatewayError} BAD_USER_INPUT also for `.`.
 */
export function pathNamesOfEntry(path: string): readonly string[] {
  const names = pathNames(path);
  if (names.length === 0) throw badInput("path", `Path "${path}" is the whole folder; name something in it`);
  return names;
}

/** The refusals that every adapter words alike. */
export const pathRefusals = {
  missing: (path: string) => new GatewayError("NOT_FOUND", `File "${path}" was not found`),
  leadsOutside: (path: string) => badInput("path", `Path "${path}" follows a link that leads outside ${agentFolder}`),
  isFolder: (path: string) => badInput("path", `Path "${path}" is a folder, not a file`),
  isNoFolder: (path: string) => badInput("path", `Path "${path}" leads through a file where a folder is meant`),
  isNoFile: (path: string) => badInput("path", `Path "${path}" is neither a file nor a folder`),
  tooLarge: (path: string, maxBytes: number) =>
    new GatewayError("PAYLOAD_TOO_LARGE", `File "${path}" is larger than ${maxBytes} bytes`, { field: "path" }),
};

/** Permission bits as a `FileEntry` shows them, such as `0644`. */
export const modeText = (mode: number) => (mode & 0o7777).toString(8).padStart(4, "0");
