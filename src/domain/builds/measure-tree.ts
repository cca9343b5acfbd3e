import { isUtf8 } from "node:buffer";
import { BuildError } from "./build-error.ts";
import { type GitCall, tooLarge } from "./git-command.ts";

/** Runs git in a folder, with the limits of one fetch. */
export type Run = (args: readonly string[], more?: Partial<GitCall>) => Promise<void>;

/** Folders count too: they take their place on a disk, and a tree of some kilobytes can hold millions of them. */
const mostEntries = 20_000;
const longestPathBytes = 4096;
/** What stands before the path of an entry, and more. */
const otherBytes = 100;

/**
 * Looks at all that a checkout would write before any of it is written, for a small archive can hold a great deal;
 * answers the paths of submodules. Stops reading as soon as there is a reason to refuse.
 *
 * @throws {BuildError} for too much, and for a path that no file system takes or that is no text.
 */
export async function measureTree(run: Run, cwd: string, maxBytes: number): Promise<readonly string[]> {
  const over = new AbortController();
  const tree = new TreeMeasure(maxBytes);
  const onOutput = (chunk: Buffer) => {
    tree.push(chunk);
    if (tree.refusal !== null) over.abort();
  };
  const args = ["ls-tree", "-r", "-t", "-l", "-z", "--full-tree", "HEAD"];
  await run(args, { cwd, onOutput, signal: over.signal }).catch((error: unknown) => {
    if (tree.refusal === null) throw error;
  });
  if (tree.refusal !== null) throw new BuildError(tree.refusal);
  return tree.submodules.slice(0, 20);
}

/** Adds up the entries that git lists, as bytes: what is no text must be known as such. */
class TreeMeasure {
  readonly submodules: string[] = [];
  refusal: string | null = null;
  readonly #maxBytes: number;
  #rest = Buffer.alloc(0);
  #entries = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    const lines = Buffer.concat([this.#rest, chunk]);
    let from = 0;
    for (let end = lines.indexOf(0); end >= 0 && this.refusal === null; end = lines.indexOf(0, from)) {
      this.#add(lines.subarray(from, end));
      from = end + 1;
    }
    this.#rest = lines.subarray(from);
    if (this.refusal === null && this.#rest.length > longestPathBytes + otherBytes) {
      this.refusal = `A path in the repository is longer than ${longestPathBytes} bytes`;
    }
  }

  #add(entry: Buffer): void {
    const [, type, size, path = ""] = /^\d+ (\w+) \w+ +(\d+|-)\t(.*)$/s.exec(entry.toString()) ?? [];
    if (type === "commit") this.submodules.push(path.slice(0, 200));
    this.#bytes += Number(size) || 0;
    this.#entries += 1;
    if (!isUtf8(entry)) this.refusal = `The name "${path.slice(0, 200)}" in the repository is not UTF-8`;
    if (this.#bytes > this.#maxBytes) this.refusal = tooLarge(this.#maxBytes);
    if (this.#entries > mostEntries) this.refusal = `The repository has more than ${mostEntries} files and folders`;
  }
}
