// Generates the clients of both databases from prisma/schema.prisma, if it changed since the last time.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generatedFolder, postgresqlSchema } from "./postgresql-schema.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const prismaPackage = require.resolve("prisma/package.json");
const source = join(root, "prisma/schema.prisma");
const twin = join(root, generatedFolder, "postgresql.prisma");
const stamp = join(root, generatedFolder, "stamp");

const env = {
  ...process.env,
  // Generators are programs that Prisma looks for by name.
  PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
  // Prisma would download an engine that generating does not run; any program that exists satisfies it.
  PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  PRISMA_HIDE_UPDATE_MESSAGE: "1",
  CHECKPOINT_DISABLE: "1",
};

const schema = readFileSync(source, "utf8");
const twinSchema = postgresqlSchema(schema);
const fingerprint = createHash("sha256")
  .update(schema)
  .update(twinSchema)
  .update(readFileSync(prismaPackage))
  .update(readFileSync(import.meta.filename))
  .digest("hex");

if (!isCurrent()) {
  mkdirSync(dirname(twin), { recursive: true });
  writeFileSync(twin, twinSchema);
  generate(source);
  generate(twin);
  for (const client of ["client", "postgresql"]) readCompilerAsText(join(root, generatedFolder, client));
  writeFileSync(stamp, fingerprint);
}

function isCurrent(): boolean {
  const outputs = ["client/client.ts", "postgresql/client.ts", "pothos.ts"];
  const complete = outputs.every((output) => existsSync(join(root, generatedFolder, output)));
  return complete && existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint;
}

function generate(schemaFile: string): void {
  const cli = join(dirname(prismaPackage), "build/index.js");
  try {
    execFileSync(process.execPath, [cli, "generate", "--no-hints", "--schema", schemaFile], {
      cwd: root,
      env,
      stdio: "pipe",
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer }; // what execFileSync throws
    process.stderr.write(Buffer.concat([stdout, stderr]));
    process.exit(1);
  }
}

/** Has a generated client read its query compiler from the file, by `src/store/wasm-text.ts`, instead of loading it. */
function readCompilerAsText(client: string): void {
  const file = join(client, "internal/class.ts");
  const code = readFileSync(file, "utf8");
  const changed = code.replace(
    /const \{ wasm \} = await import\(("@prisma\/client\/runtime\/[^"]+")\)/,
    'const wasm = (await import("../../../wasm-text.ts")).wasmText($1)',
  );
  if (changed === code) throw new Error(`${file} loads its query compiler in an unknown way`);
  writeFileSync(file, changed);
}
