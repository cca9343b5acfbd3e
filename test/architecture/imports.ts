import { globSync, readFileSync } from "node:fs";
import { join } from "node:path/posix";

/** One file naming another, both relative to the project. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

/** Every import between the project's own files, types included. */
export function findImports(): readonly Import[] {
  const files = globSync(["src/**/*.ts", "scripts/**/*.ts", "bench/**/*.ts", "test/**/*.ts"]);
  return files.map((file) => file.replaceAll("\\", "/")).flatMap((file) => importsOf(file, readFileSync(file, "utf8")));
}

/** The relative imports, dynamic imports and re-exports in a source text. */
export function importsOf(file: string, text: string): readonly Import[] {
  const specifiers = text.matchAll(/^(?:import|export|\} from)\b[^"';]*?"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm);
  return [...specifiers].map(([, fixed, dynamic]) => ({ from: file, to: join(file, "..", fixed ?? dynamic ?? "") }));
}
