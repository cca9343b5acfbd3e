import { lstat, mkdir, readdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../config.ts";
import { BuildError } from "./build-error.ts";
import { git, type GitCall } from "./git-command.ts";
import { measureTree, type Run } from "./measure-tree.ts";
import { checkBranch, repositoryUrl, withoutCredentials } from "./source.ts";

/** What is fetched, and where to. */
export interface Fetch {
  readonly sourceRepo: string;
  readonly sourceBranch: string;
  /** A folder that does not exist yet; its name with `.home` must be free too. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Where git is looked for, unless it is where it usually is. */
  readonly searchPath?: string;
}

export interface Fetched {
  readonly commit: string;
  /** The paths of submodules, which are left out. */
  readonly submodules: readonly string[];
}

const fetchMs = 300_000;
/**
 * Fetches the newest commit of a branch or tag, alone: its files without submodules and without git's own folder.
 * No hook or filter of the repository runs, no link in it leads out of it, and it is no larger than permitted.
 *
 * @throws {BuildError} saying why not, without credentials; BAD_USER_INPUT for what is no repository or branch.
 */
export async function fetchSource(config: Config["git"], fetch: Fetch): Promise<Fetched> {
  const url = repositoryUrl(config, fetch.sourceRepo);
  checkBranch(fetch.sourceBranch);
  const home = `${fetch.folder}.home`;
  await mkdir(home, { recursive: true });
  const late = AbortSignal.timeout(fetchMs);
  const run = (args: readonly string[], more: Partial<GitCall> = {}) => {
    const signal = AbortSignal.any([fetch.signal, late, ...(more.signal ? [more.signal] : [])]);
    const { maxBytes, protocols, hosts } = config;
    const whole = hosts === null ? args : ["-c", "http.followRedirects=false", ...args]; // it might lead to another host
    return git({ cwd: home, home, maxBytes, protocols, searchPath: fetch.searchPath, ...more, args: whole, signal });
  };
  try {
    return await clone(run, url, fetch, config.maxBytes);
  } catch (error) {
    fetch.signal.throwIfAborted();
    if (late.aborted) throw new BuildError(`The repository could not be fetched within ${fetchMs / 1000} seconds`);
    throw error instanceof BuildError ? new BuildError(withoutCredentials(error.message)) : error;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function clone(run: Run, url: string, { sourceBranch, folder }: Fetch, maxBytes: number): Promise<Fetched> {
  const shallow = ["--depth=1", "--single-branch", "--no-tags", "--no-recurse-submodules"];
  const bare = ["--quiet", "--no-checkout", "--template=", "--no-local"];
  await run(["clone", ...shallow, ...bare, `--branch=${sourceBranch}`, "--", url, folder]);
  const submodules = await measureTree(run, folder, maxBytes);
  let commit = "";
  const onOutput = (chunk: Buffer) => void (commit += chunk.toString());
  await run(["rev-parse", "--verify", "HEAD^{commit}"], { cwd: folder, onOutput });
  await run(["checkout", "--quiet", "--force", "HEAD"], { cwd: folder });
  await rm(join(folder, ".git"), { recursive: true, force: true });
  await checkLinks(await realpath(folder), "");
  return { commit: commit.trim(), submodules };
}

/** A link that leads to nothing is refused too: in a computer it might lead somewhere. */
async function checkLinks(root: string, path: string): Promise<void> {
  const place = join(root, path);
  const stats = await lstat(place);
  if (stats.isDirectory()) for (const name of await readdir(place)) await checkLinks(root, join(path, name));
  if (!stats.isSymbolicLink()) return;
  const real = await realpath(place).catch(() => "");
  if (real === root || real.startsWith(`${root}/`)) return;
  throw new BuildError(`The link "${path.slice(0, 200)}" does not lead to anything in the repository`);
}
