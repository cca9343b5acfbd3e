import { modeText } from "../paths.ts";
import type { FileEntry } from "../runtime.ts";

const kinds: Readonly<Record<number, FileEntry["kind"]>> = {
  0o100000: "file",
  0o040000: "directory",
  0o120000: "symlink",
};

/**
 * Reads a list: names ended by NUL, an empty name, then a line per name that still existed. Knowing the names
 * beforehand, a line break inside one cannot pass for the start of the next line.
 */
export function entriesIn(output: Buffer): FileEntry[] {
  const text = output.toString("latin1"); // one character per byte
  const end = text.startsWith("\0") ? 0 : text.indexOf("\0\0") + 1;
  const names = text.slice(0, end).split("\0").filter(Boolean);
  const entries: FileEntry[] = [];
  let at = end + 1;
  for (const name of names) {
    const found = lineAt(text, at);
    if (found === null || !text.startsWith(`${name}\n`, found.nameAt)) continue;
    entries.push(entryOf(found, Buffer.from(name.slice(2), "latin1").toString()));
    at = found.nameAt + name.length + 1;
  }
  return entries;
}

/** Reads the line of one entry that is known by name. */
export function entryIn(output: Buffer, name: string): FileEntry {
  const found = lineAt(output.toString("latin1"), 0);
  if (found === null) throw new Error("stat printed no line");
  return entryOf(found, name);
}

interface Line {
  readonly mode: number;
  readonly size: number;
  readonly seconds: number;
  readonly nameAt: number;
}

function lineAt(text: string, at: number): Line | null {
  const pattern = /([0-9a-f]+) (\d+) (-?\d+) /y;
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) return null;
  const [, mode = "", size = "", seconds = ""] = match;
  return { mode: Number.parseInt(mode, 16), size: Number(size), seconds: Number(seconds), nameAt: pattern.lastIndex };
}

const entryOf = ({ mode, size, seconds }: Line, name: string): FileEntry => ({
  name,
  kind: kinds[mode & 0o170000] ?? "other",
  size,
  mode: modeText(mode),
  mtime: new Date(seconds * 1000),
});
