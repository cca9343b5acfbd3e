import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Something a suite works with that a machine may lack. */
export interface Need {
  readonly name: string;
  /** How to reach it, or `null` when it is not there. */
  readonly found: string | null;
  /** What to say of a suite that is skipped for the lack of it. */
  readonly lacking: string;
}

/** An engine of its own: suites fill it with containers, stop it and kill it. */
export const docker: Need = {
  name: "Docker",
  found: process.env["TEST_DOCKER_HOST"] ?? null,
  lacking: "no container engine: TEST_DOCKER_HOST is not set (scripts/test-dockerd.sh starts one)",
};

/** A server where databases may be made and dropped. */
export const postgresql: Need = {
  name: "PostgreSQL",
  found: process.env["TEST_POSTGRES_URL"] ?? null,
  lacking: "no PostgreSQL: TEST_POSTGRES_URL is not set (scripts/test-postgres.sh starts one)",
};

/** The browser that pages are opened in. */
export const chromium: Need = {
  name: "Chromium",
  found: process.env["TEST_CHROMIUM"] ?? onPath("chromium", "chromium-browser", "google-chrome"),
  lacking: "no Chromium on the PATH (TEST_CHROMIUM may name one)",
};

function onPath(...names: readonly string[]): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const files = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return files.find((file) => existsSync(file)) ?? null;
}
