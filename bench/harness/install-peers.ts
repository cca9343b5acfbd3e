import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Installs the peers when they are missing or not those of the lock file.
 *
 * @throws {Error} when npm fails.
 */
export function installPeers(): void {
  if (areInstalled()) return;
  process.stdout.write("Installing the peers (npm ci in bench/)\n");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts"], { cwd: at("."), stdio: "inherit" });
  if (status !== 0) throw new Error("The peers could not be installed; the lines above say why");
}

/** npm writes what it installed beside it; a package for another platform is left out there. */
function areInstalled(): boolean {
  const installed = at("node_modules/.package-lock.json");
  if (!existsSync(installed)) return false;
  const { packages: present } = readLock(installed);
  return Object.entries(readLock(at("package-lock.json")).packages).every(
    ([path, { version, optional }]) => path === "" || optional === true || present[path]?.version === version,
  );
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>;
}

const readLock = (path: string) => JSON.parse(readFileSync(path, "utf8")) as LockFile; // as npm writes it
