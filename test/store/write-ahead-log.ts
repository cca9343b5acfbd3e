import { readFileSync } from "node:fs";

/** How many commits a write-ahead log of SQLite holds (https://www.sqlite.org/fileformat2.html#walformat). */
export function commitsIn(path: string): number {
  const log = readFileSync(path);
  if (log.length < headerBytes) return 0;
  const frameBytes = frameHeaderBytes + log.readUInt32BE(8);
  const salt = log.subarray(16, 24);
  let commits = 0;
  for (let at = headerBytes; at + frameBytes <= log.length; at += frameBytes) {
    if (!log.subarray(at + 8, at + 16).equals(salt)) break; // left from before the last checkpoint
    // The last frame of each commit says how many pages the database then has.
    if (log.readUInt32BE(at + 4) > 0) commits++;
  }
  return commits;
}

const headerBytes = 32;
const frameHeaderBytes = 24;
