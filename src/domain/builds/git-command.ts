import { spawn } from "node:child_process";
import { allowMoreIn, BuildError } from "./build-error.ts";

/** One call of git. */
export interface GitCall {
  readonly args: readonly string[];
  readonly cwd: string;
  /** A folder without anything that git would read. */
  readonly home: string;
  readonly protocols: readonly string[];
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly onOutput?: (chunk: Buffer) => void;
  /** Where git is looked for, unless it is where it usually is. */
  readonly searchPath?: string | undefined;
}

const usualPath = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";
const mostErrorBytes = 8_192;
/** In units of the shell's `ulimit -f`. */
const blockBytes = 512;
/** What git needs for itself, beside a few of the largest files it may meet. */
const ownBytes = 1_073_741_824;
const notFound = 127;

/** Nothing of the repository runs: no hooks, no filters, no monitors; nothing of this machine's git is read. */
const settings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.protectNTFS=true",
  "fetch.unpackLimit=1", // so that what is fetched is one file, and a limit of files' sizes limits it
  "gc.auto=0",
  "pack.threads=1", // each would take memory of its own
  "http.lowSpeedLimit=1000",
  "http.lowSpeedTime=30",
  "submodule.recurse=false",
].flatMap((setting) => ["-c", setting]);

/**
 * Runs git away from this machine's settings, keys of other programs and terminal; it can write no file that is
 * larger than permitted, and (but on macOS) takes no memory without limit. It ends with its children when `signal`
 * aborts.
 *
 * @throws {BuildError} with git's own words when it fails, or saying that there is no git.
 */
export async function git(call: GitCall): Promise<void> {
  call.signal.throwIfAborted();
  // Where the signal is ignored, git says itself that a file would be too large.
  const script = 'trap "" XFSZ; memory=$1; shift; ulimit -v "$memory" 2>/dev/null; ulimit -f "$0" && exec git "$@"';
  const blocks = String(Math.ceil(call.maxBytes / blockBytes));
  // A pack of some kilobytes can hold what unpacks to many gigabytes, in memory.
  const memory = String(Math.ceil((ownBytes + 4 * call.maxBytes) / 1024));
  const child = spawn("/bin/sh", ["-c", script, blocks, memory, ...settings, ...call.args], {
    cwd: call.cwd,
    env: environmentOf(call),
    detached: true, // a group of its own, which can be ended whole
    stdio: ["ignore", "pipe", "pipe"],
  });
  const end = () => void (child.pid && killGroup(child.pid));
  call.signal.addEventListener("abort", end, { once: true });
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => call.onOutput?.(chunk));
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-mostErrorBytes)));
  try {
    const code = await new Promise<number | null>((resolve, reject) =>
      child.once("close", resolve).once("error", reject),
    );
    call.signal.throwIfAborted();
    if (code !== 0) throw new BuildError(code === notFound ? noGit : wordsOf(errors, call.maxBytes));
  } finally {
    call.signal.removeEventListener("abort", end);
  }
}

const noGit = "git is not installed where the gateway runs, so no repository can be fetched";

const environmentOf = ({ home, protocols, searchPath = usualPath }: GitCall) => ({
  PATH: searchPath,
  HOME: home,
  XDG_CONFIG_HOME: home,
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ALLOW_PROTOCOL: protocols.join(":"),
  GIT_SSH_COMMAND: "ssh -oBatchMode=yes",
});

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** What git says last, without what it says of its own progress. */
function wordsOf(errors: string, maxBytes: number): string {
  if (/File too large/.test(errors)) return tooLarge(maxBytes);
  if (/Out of memory|mmap failed/.test(errors)) return `${tooMuchMemory}; ${allowMoreIn("RAWORC_GIT_MAX_MB")}`;
  const lines = errors.split("\n").filter((line) => /^(fatal|error|remote|ssh|sh): /.test(line));
  return lines.slice(-3).join("; ") || errors.trim().slice(-500) || "git failed and gave no reason";
}

const tooMuchMemory = "To unpack the repository takes more memory than is permitted";

/** The refusal of a repository that is larger than permitted. */
export const tooLarge = (maxBytes: number) =>
  `The repository is larger than ${Math.floor(maxBytes / 1_048_576)} MB; ${allowMoreIn("RAWORC_GIT_MAX_MB")}`;
