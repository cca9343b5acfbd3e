import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from "@prisma/driver-adapter-utils";
import type { SchemaEngine } from "@prisma/schema-engine-wasm/schema_engine_bg";

export type { SchemaEngine };

const engineModule = "@prisma/schema-engine-wasm/schema_engine_bg";
const require = createRequire(import.meta.url);

// Node has it; of the libraries that declare it, none can be included without a browser's globals.
declare const WebAssembly: {
  instantiate(wasm: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

/** A file of models: its name, for messages, and its text. */
export interface SchemaFile {
  readonly path: string;
  readonly content: string;
}

/**
 * Loads Prisma's schema engine, the part that writes and applies migrations, in its WebAssembly build:
 * it needs no binary of its own and works through the adapter that the store uses anyway.
 *
 * It takes a moment and some memory, so load it only when there is something to do, and free it after use.
 */
export async function loadSchemaEngine(
  adapter: SqlMigrationAwareDriverAdapterFactory,
  models: readonly SchemaFile[] = [],
): Promise<SchemaEngine> {
  const { SchemaEngine } = await (loading ??= loadBindings());
  const datamodels =
    models.length > 0 ? models.map(({ path, content }): [string, string] => [path, content]) : undefined;
  const ignoreLog = () => undefined;
  return SchemaEngine.new({ datamodels }, ignoreLog, bindMigrationAwareSqlAdapterFactory(adapter));
}

// The bindings keep one instance in a global of theirs; a second one would get the memory of the first.
let loading: ReturnType<typeof loadBindings> | undefined;

async function loadBindings() {
  const bindings = await import("@prisma/schema-engine-wasm/schema_engine_bg");
  const wasm = await readFile(join(dirname(require.resolve(engineModule)), "schema_engine_bg.wasm"));
  const { instance } = await WebAssembly.instantiate(wasm, { "./schema_engine_bg.js": { ...bindings } });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: rethrow } }); // where it reports its own bugs
  return bindings;
}

function rethrow(message: string): never {
  throw new Error(`Prisma's schema engine failed: ${message}`);
}
