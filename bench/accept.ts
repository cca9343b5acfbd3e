import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Kept } from "./harness/results.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Writes into `goals.ts` which goals the last full run reached: those the short variant guards from then on. A goal
 * that the run has no number for stays as it is.
 *
 * @throws {Error} when there was no full run yet.
 */
export async function acceptGoals(): Promise<void> {
  const { results } = JSON.parse(await readFile(at("results.json"), "utf8")) as Kept; // as a full run writes it
  let goals = await readFile(at("goals.ts"), "utf8");
  for (const { key, reached, measured } of results) {
    if (key === undefined) continue;
    goals = goals.replace(new RegExp(`(\\b${key}: \\{[^}]*reached: )(true|false)`), `$1${reached}`);
    process.stdout.write(`${reached ? "guarded" : "not yet"}  ${key}: ${measured}\n`);
  }
  await writeFile(at("goals.ts"), goals);
}
