import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** A folder that git repositories lie in, as `owner/repo`. */
export interface Repositories {
  readonly folder: string;
  readonly baseUrl: string;
  /** What a gateway needs to fetch from here. */
  readonly env: Readonly<Record<string, string>>;
  /** Commits files, links (`-> target`) or nothing to a repository, which is made if it is missing; answers the commit. */
  commit(repo: string, files: Readonly<Record<string, string>>, branch?: string): string;
  /** Runs git in a repository. */
  git(repo: string, ...args: readonly string[]): string;
  remove(): void;
}

/** Makes a folder for repositories. */
export function makeRepositories(): Repositories {
  const folder = mkdtempSync(join(tmpdir(), "raworc-repos-"));
  const git = (repo: string, ...args: readonly string[]) =>
    execFileSync("git", ["-C", join(folder, repo), ...args], { encoding: "utf8", env: environment(), stdio: "pipe" });
  const baseUrl = `${pathToFileURL(folder).href}/`;
  return {
    folder,
    baseUrl,
    env: { RAWORC_GIT_BASE_URL: baseUrl, RAWORC_GIT_PROTOCOLS: "file", RAWORC_BUILD_NETWORK: "none" },
    commit(repo, files, branch = "main") {
      mkdirSync(join(folder, repo), { recursive: true });
      git(repo, "init", "--quiet", "--initial-branch", branch);
      for (const [path, content] of Object.entries(files)) write(join(folder, repo, path), content);
      git(repo, "add", "--all");
      git(repo, "commit", "--quiet", "--allow-empty", "--message", "work");
      return git(repo, "rev-parse", "HEAD").trim();
    },
    git,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (content.startsWith("-> ")) symlinkSync(content.slice(3), path);
  else writeFileSync(path, content);
}

const environment = () => ({
  PATH: process.env["PATH"],
  HOME: tmpdir(),
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@example.com",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@example.com",
});

/** A whole agent for Python. */
export const pythonAgent = {
  "raworc.json": JSON.stringify({ runtime: "python3", handler: "main.process_message" }),
  "main.py": "def process_message(message, context):\n    return 'python heard ' + message\n",
};

/** A whole agent for Node, without a manifest. */
export const nodeAgent = {
  "package.json": JSON.stringify({ name: "agent", version: "1.0.0" }),
  "index.js": "exports.processMessage = (message) => 'node heard ' + message;\n",
};
