import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BuildError } from "./build-error.ts";
import type { Manifest } from "./build.ts";

const manifestFile = "raworc.json";

const mostBytes = 65_536;
const longestText = 10_000;
const defaultHandlers = { python3: "main.process_message", node: "index.processMessage" } as const;
const handlerPattern = /^(?![./])(?!.*(?:\.\.|\/\/|\/\.))[\w$/.-]+\.[A-Za-z_$][\w$]*$/;

const text = (most: number) => {
  const rule = `must be text of at most ${most} letters, without NUL`;
  return z
    .string(rule)
    .max(most, rule)
    .refine((value) => !value.includes("\0") && value.isWellFormed(), rule);
};

const schema = z.object(
  {
    runtime: z.enum(["python3", "node"], "must be python3 or node").nullish(),
    handler: z
      .string('must be a module and a function in it, such as "main.process_message"')
      .max(200, "must have at most 200 letters")
      .regex(handlerPattern, 'must be a module and a function in it, such as "main.process_message"')
      .nullish(),
    build_command: text(longestText).nullish(),
    description: text(longestText).nullish(),
    purpose: text(longestText).nullish(),
    capabilities: z
      .array(text(200), "must be a list of texts")
      .max(100, "must be a list of at most 100 texts")
      .nullish(),
  },
  "must be a JSON object",
);

/**
 * Reads what an agent's repository says of itself, and fills in what it leaves out: the runtime by the files there
 * are, the handler by the runtime. Keys that are not known are passed over.
 *
 * @throws {BuildError} naming the field and what is allowed.
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const said = await readJson(folder);
  const parsed = schema.safeParse(said ?? {});
  const [problem] = parsed.error?.issues ?? [];
  if (!parsed.success || problem) {
    const field = problem?.path.join(".") ?? "";
    throw new BuildError(`${manifestFile}${field && `: "${field}"`} ${problem?.message ?? "is not valid"}`);
  }
  const { runtime: named, handler, build_command, description, purpose, capabilities } = parsed.data;
  const runtime = named ?? (await guessRuntime(folder));
  return {
    runtime,
    handler: handler ?? defaultHandlers[runtime],
    buildCommand: build_command?.trim() ? build_command : null,
    description: description ?? null,
    purpose: purpose ?? null,
    capabilities: capabilities ?? [],
  };
}

async function readJson(folder: string): Promise<unknown> {
  const path = join(folder, manifestFile);
  const stats = await lstat(path).catch(() => null);
  if (!stats) return null;
  if (!stats.isFile() || stats.size > mostBytes) {
    throw new BuildError(`${manifestFile} must be a file of at most ${mostBytes} bytes`);
  }
  try {
    return JSON.parse((await readFile(path, "utf8")).replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new BuildError(`${manifestFile} is no JSON: ${error instanceof Error ? error.message.slice(0, 200) : ""}`);
  }
}

async function guessRuntime(folder: string): Promise<Manifest["runtime"]> {
  const names = await readdir(folder);
  if (names.includes("package.json")) return "node";
  if (names.some((name) => name.endsWith(".py") || name === "requirements.txt" || name === "pyproject.toml")) {
    return "python3";
  }
  if (names.some((name) => /^index\.(m|c)?js$/.test(name))) return "node";
  throw new BuildError(`The runtime cannot be told: name it in ${manifestFile}, "runtime": "python3" or "node"`);
}
