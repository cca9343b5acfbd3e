import { posix } from "node:path";
import { badInput } from "../../errors.ts";
import { untilAborted } from "../abort.ts";
import { AGENT_FOLDER } from "../command.ts";
import type { EngineJob } from "../engine.ts";

/** The largest file a tool reads; larger ones are for bash. */
const LARGEST_FILE_BYTES = 4 * 1024 * 1024;

/**
 * The path as a computer's files take it: below `/agent`, without a leading slash; `.` is `/agent` itself.
 *
 * @throws {GatewayError} BAD_USER_INPUT for a path outside `/agent`.
 */
export function relativePath(path: string): string {
  const relative = posix.relative(AGENT_FOLDER, posix.resolve(AGENT_FOLDER, path));
  if (relative === ".." || relative.startsWith("../")) {
    throw badInput("path", `"${path}" is outside ${AGENT_FOLDER}; use bash for files there`);
  }
  return relative || ".";
}

/** The file as text, invalid bytes replaced. */
export const readText = async (job: EngineJob, path: string) =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(await readBytes(job, path));

/**
 * Replaces the one place where a file says `oldText`, and says so.
 *
 * @throws {GatewayError} BAD_USER_INPUT when it occurs never or more than once, or the file is not UTF-8 text.
 */
export async function editText(job: EngineJob, path: string, oldText: string, newText: string): Promise<string> {
  const text = decodeStrictly(path, await readBytes(job, path));
  const at = text.indexOf(oldText);
  if (at < 0) throw badInput("old_text", `old_text was not found in "${path}"; nothing was changed`);
  if (text.includes(oldText, at + 1)) {
    throw badInput("old_text", `old_text occurs more than once in "${path}"; give more of the text around it`);
  }
  const edited = text.slice(0, at) + newText + text.slice(at + oldText.length);
  await untilAborted(job.signal, job.computer.writeFile(relativePath(path), Buffer.from(edited)));
  return `Edited ${path}`;
}

const readBytes = (job: EngineJob, path: string) =>
  untilAborted(job.signal, job.computer.readFile(relativePath(path), LARGEST_FILE_BYTES));

/** Writing back text with replaced bytes would spoil the file. */
function decodeStrictly(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badInput("path", `"${path}" is not UTF-8 text; edit it with bash`);
  }
}
