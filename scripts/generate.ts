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
  .digest("hex");

if (!isCurrent()) {
  mkdirSync(dirname(twin), { recursive: true });
  writeFileSync(twin, twinSchema);
  generate(source);
  generate(twin);
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
