import { randomBytes } from "node:crypto";
import { badInput, unavailable } from "../../errors.ts";
import { pathNames, pathNamesOfEntry, pathRefusals } from "../paths.ts";
import type { FileEntry, RuntimeFiles } from "../runtime.ts";
import type { Engine } from "./engine.ts";
import { exec } from "./exec.ts";
import { entriesIn, entryIn } from "./file-entries.ts";
import { answers, scripts } from "./file-scripts.ts";

const shortMs = 30_000;
const longMs = 300_000;
const listMaxBytes = 64 * 1_048_576;
/** So much is kept of what a script complains of, which is said when it fails. */
const complaintMaxBytes = 4_096;

interface Script {
  readonly name: keyof typeof scripts;
  readonly path: string;
  readonly names: readonly string[];
  readonly args?: readonly string[];
  readonly stdin?: Uint8Array;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/**
 * Files through commands in the container: what uid 1000 may not see there, nobody sees through this, and the
 * engine's own way of writing archives into a container is never used.
 */
export const filesOf = (engine: Engine): RuntimeFiles => ({
  async list(container, path): Promise<readonly FileEntry[]> {
    const script = { name: "list", path, names: pathNames(path), maxBytes: listMaxBytes, timeoutMs: shortMs } as const;
    return entriesIn(await runScript(engine, container, script));
  },
  async stat(container, path): Promise<FileEntry> {
    const names = pathNames(path);
    const output = await runScript(engine, container, {
      name: "stat",
      path,
      names,
      maxBytes: 4096,
      timeoutMs: shortMs,
    });
    return entryIn(output, names.at(-1) ?? ".");
  },
  async read(container, path, maxBytes): Promise<Uint8Array> {
    const args = [String(maxBytes)];
    const script = { name: "read", path, names: pathNames(path), args, maxBytes, timeoutMs: longMs } as const;
    return await runScript(engine, container, script);
  },
  async write(container, path, content): Promise<void> {
    const names = pathNamesOfEntry(path);
    const args = [String(content.length), randomBytes(8).toString("hex")];
    const script = { name: "write", path, names, args, stdin: content, maxBytes: 4096, timeoutMs: longMs } as const;
    await runScript(engine, container, script);
  },
  async remove(container, path): Promise<void> {
    const names = pathNamesOfEntry(path);
    await runScript(engine, container, { name: "remove", path, names, maxBytes: 4096, timeoutMs: longMs });
  },
});

/** Runs one script and returns what it printed; its exit code tells which promise of the port it could not keep. */
async function runScript(engine: Engine, container: string, script: Script): Promise<Buffer> {
  const output: Uint8Array[] = [];
  let complaint: Buffer = Buffer.alloc(0);
  let total = 0;
  const { end, exitCode } = await exec(engine, container, {
    argv: ["/bin/sh", "-c", scripts[script.name], "files", script.names.join("/") || ".", ...(script.args ?? [])],
    ...(script.stdin && { stdin: script.stdin }),
    timeoutMs: script.timeoutMs,
    onOutput: (chunk, stream) => {
      if (stream === "stderr") complaint = firstBytes(complaint, chunk, complaintMaxBytes);
      else if ((total += chunk.length) > script.maxBytes) throw pathRefusals.tooLarge(script.path, script.maxBytes);
      else output.push(chunk);
    },
  });
  if (end === "exited" && exitCode === 0) return Buffer.concat(output);
  const reason = end === "exited" ? complaint.toString().trim().slice(0, 300) : `the container ${end}`;
  throw refusalFor(exitCode, script, reason);
}

const firstBytes = (bytes: Buffer, more: Uint8Array, most: number) =>
  bytes.length < most ? Buffer.concat([bytes, more], Math.min(most, bytes.length + more.length)) : bytes;

function refusalFor(exitCode: number | null, { name, path, maxBytes }: Script, reason: string) {
  if (exitCode === answers.missing) return pathRefusals.missing(path);
  if (exitCode === answers.leadsOutside) return pathRefusals.leadsOutside(path);
  if (exitCode === answers.isFolder) return pathRefusals.isFolder(path);
  if (exitCode === answers.isNoFolder) return pathRefusals.isNoFolder(path);
  if (exitCode === answers.isNoFile) return pathRefusals.isNoFile(path);
  if (exitCode === answers.tooLarge) return pathRefusals.tooLarge(path, maxBytes);
  if (/permission denied/i.test(reason))
    return badInput("path", `Path "${path}" may not be used by the computer's user`);
  return unavailable(`Could not ${name} "${path}": ${reason || "no reason given"}`);
}
