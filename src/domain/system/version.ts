import { readFileSync } from "node:fs";

// Read, not imported: the file lies outside of what is compiled, at the same distance from src and dist.
const packageJson = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
  readonly version: string; // npm requires it
};

/** The gateway's own version, and the namespace of its REST API (document C, "Version"). */
export const version = { version: packageJson.version, api: "v0" } as const;
