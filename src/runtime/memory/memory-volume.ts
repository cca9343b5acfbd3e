import { randomUUID } from "node:crypto";
import { posix } from "node:path";
import type { Bash, IFileSystem } from "just-bash";
import { agentFolder, imageFolder, imageFolderVariable } from "../paths.ts";
import type { ExecCommand, Labels, OutputStream, VolumeParts } from "../runtime.ts";

/** A simulated machine around one volume: a bash over files that are only in memory. */
export interface MemoryVolume {
  readonly labels: Labels;
  readonly bash: Bash;
}

const outputFolder = "/run/raworc";
const pieceBytes = 64 * 1024;

/** Loads the simulated bash only here, so that nothing but this runtime pays for it. */
export async function createMemoryVolume(labels: Labels): Promise<MemoryVolume> {
  const { Bash } = await import("just-bash");
  const bash = new Bash({
    cwd: agentFolder,
    env: { HOME: agentFolder, AGENT_HOME: agentFolder, USER: "agent", [imageFolderVariable]: imageFolder },
    executionLimits: { maxExecutionTimeMs: Infinity },
    // It replaces globals of the whole process while a command runs, other people's code included.
    defenseInDepth: false,
  });
  for (const folder of [agentFolder, outputFolder]) await bash.fs.mkdir(folder, { recursive: true });
  return { labels, bash };
}

/** What a command of the simulated bash came to; output is known only at its end. */
export interface MemoryRun {
  readonly exitCode: number;
  readonly pieces: Iterable<readonly [piece: Uint8Array, stream: OutputStream]>;
}

/** Runs a command in a volume. Aborting ends it and loses its output. */
export async function runInVolume(
  { bash }: MemoryVolume,
  command: ExecCommand,
  signal: AbortSignal,
): Promise<MemoryRun> {
  const cwd = posix.resolve(agentFolder, command.cwd ?? ".");
  if (!(await bash.fs.exists(cwd))) return failed(126, `sh: cd: ${cwd}: No such file or directory\n`);
  const file = `${outputFolder}/${randomUUID()}`;
  // The outputs go through files because results are text, which would lose bytes that are not UTF-8.
  const words = command.argv.map(quoted).join(" ");
  const script = [...exportsOf(command.env ?? {}), `${words} > ${file}.stdout 2> ${file}.stderr`].join("\n");
  const stdin = Buffer.from(command.stdin ?? "").toString("latin1");
  const { exitCode } = await bash.exec(script, { cwd, stdin, stdinKind: "bytes", signal, rawScript: true });
  const [stdout, stderr] = [await taken(bash.fs, `${file}.stdout`), await taken(bash.fs, `${file}.stderr`)];
  return { exitCode, pieces: [...inPieces(stdout, "stdout"), ...inPieces(stderr, "stderr")] };
}

const failed = (exitCode: number, message: string): MemoryRun => ({
  exitCode,
  pieces: [[Buffer.from(message), "stderr"]],
});

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

const exportsOf = (env: Readonly<Record<string, string>>) =>
  Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`);

async function taken(fs: IFileSystem, path: string): Promise<Uint8Array> {
  if (!(await fs.exists(path))) return new Uint8Array();
  const content = await fs.readFileBuffer(path);
  await fs.rm(path);
  return content;
}

function* inPieces(content: Uint8Array, stream: OutputStream) {
  for (let start = 0; start < content.length; start += pieceBytes) {
    yield [content.subarray(start, start + pieceBytes), stream] as const;
  }
}

/** Empties `to` and fills it with parts of `from`. */
export async function copyMemoryVolume(from: MemoryVolume, to: MemoryVolume, parts: VolumeParts): Promise<void> {
  const [source, target] = [from.bash.fs, to.bash.fs];
  for (const name of await target.readdir(agentFolder)) {
    await target.rm(`${agentFolder}/${name}`, { recursive: true, force: true });
  }
  for (const name of await source.readdir(agentFolder)) {
    if (name === "code" ? parts.code : parts.content) await copyTree(source, target, `${agentFolder}/${name}`);
  }
}

/** Copies what is at a path to the same path of another file system. */
export async function copyTree(source: IFileSystem, target: IFileSystem, path: string): Promise<void> {
  const stats = await source.lstat(path);
  if (stats.isSymbolicLink) return target.symlink(await source.readlink(path), path);
  if (stats.isFile) await target.writeFile(path, await source.readFileBuffer(path));
  if (stats.isDirectory) {
    await target.mkdir(path);
    for (const name of await source.readdir(path)) await copyTree(source, target, `${path}/${name}`);
  }
  await target.chmod(path, stats.mode);
  await target.utimes(path, stats.mtime, stats.mtime);
}
