import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isJsonObject } from "../../json.ts";
import type { Manifest } from "./build.ts";

/** What every command of a build finds in its environment; secrets are never there: they would stay in the image. */
export const commandEnvironment = {
  CI: "true",
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  PIP_NO_CACHE_DIR: "1",
  PIP_NO_INPUT: "1",
  PIP_ROOT_USER_ACTION: "ignore",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_update_notifier: "false",
} as const;

/**
 * What makes an agent ready in its folder: the command its manifest names, or one that installs what it declares.
 * `null` when it declares nothing.
 */
export async function buildCommandOf(folder: string, { runtime, buildCommand }: Manifest): Promise<string | null> {
  if (buildCommand !== null) return buildCommand;
  const has = (name: string) =>
    lstat(join(folder, name)).then(
      (stats) => stats.isFile(),
      () => false,
    );
  if (runtime === "python3") {
    // Beside the agent's own modules, which win where both have one of a name.
    return (await has("requirements.txt")) ? "python3 -m pip install -r requirements.txt --target ." : null;
  }
  if ((await has("package-lock.json")) || (await has("npm-shrinkwrap.json"))) return "npm ci --omit=dev";
  return (await hasDependencies(folder)) ? "npm install --omit=dev --no-package-lock" : null;
}

async function hasDependencies(folder: string): Promise<boolean> {
  try {
    const declared: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const { dependencies } = isJsonObject(declared) ? declared : {};
    return isJsonObject(dependencies) && Object.keys(dependencies).length > 0;
  } catch {
    return false; // what cannot be read declares nothing; whoever loads it is told why
  }
}

const endings = {
  python3: [".py", "/__init__.py"],
  node: [".mjs", ".cjs", ".js", "/index.mjs", "/index.cjs", "/index.js"],
} as const;

/** Where the module of a handler may stand in its agent's folder. */
export function moduleFiles({ runtime, handler }: Pick<Manifest, "runtime" | "handler">): readonly string[] {
  const name = handler.slice(0, handler.lastIndexOf("."));
  const bases = [...new Set([name, name.replaceAll(".", "/")])];
  return bases.flatMap((base) => endings[runtime].map((ending) => base + ending));
}
