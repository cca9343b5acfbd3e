import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * What a module such as `export const wasm = "AGFz…"` exports, read from its file: once it is loaded Node keeps the
 * module's source and the text for ever. The generated clients read their query compilers by it; see
 * `scripts/generate.ts`.
 *
 * @throws {Error} when the module holds no such text.
 * @public for generated code
 */
export function wasmText(module: string): string {
  const text = /^const wasm = "([^"]+)"/.exec(readFileSync(require.resolve(module), "latin1"))?.[1];
  if (!text) throw new Error(`"${module}" is not a WebAssembly module as text`);
  return text;
}
