import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Kept } from "./harness/results.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Marks in `goals.ts` what the last full run reached: the short variant guards it from then on. What was reached before
 * stays guarded, whatever the run found.
 *
 * @throws {Error} when there was no full run yet.
 */
export async function acceptGoals(): Promise<void> {
  const { results } = JSON.parse(await readFile(at("results.json"), "utf8")) as Kept; // as a full run writes it
  let goals = await readFile(at("goals.ts"), "utf8");
  const lines: string[] = [];
  for (const { key, reached, measured } of results) {
    if (key === undefined) continue;
    if (reached) goals = goals.replace(new RegExp(`(\\b${key}: \\{[^}]*reached: )false`), "$1true");
    lines.push(`${reached ? "reached" : "missed "}  ${key}: ${measured}\n`);
  }
  await writeFile(at("goals.ts"), goals);
  process.stdout.write(lines.join(""));
}
