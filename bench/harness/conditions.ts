import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** What the numbers are true for. */
export interface Conditions {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  /** Of each side, its parts with their versions. */
  readonly versions: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const ours = ["graphql", "graphql-yoga", "fastify", "@prisma/client", "better-sqlite3"];
const theirs = [
  "mercurius",
  "graphql-jit",
  "@apollo/server",
  "graphql-yoga",
  "@prisma/adapter-better-sqlite3",
  "@langchain/langgraph-api",
  "graphql-ws",
  "autocannon",
];

/** Reads what the present run is made with and on. */
export function readConditions(): Conditions {
  const processor = `${availableParallelism()} × ${cpus()[0]?.model.trim() || "unnamed processor"}`;
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    commit: commitOf(),
    machine: `${processor}, ${memory}, ${platform()} ${release()} ${arch()}, Node ${process.versions.node}`,
    versions: { Gateway: versionsIn("package.json", ours), Peers: versionsIn("bench/package.json", theirs) },
  };
}

function versionsIn(file: string, names: readonly string[]): string {
  const { version, dependencies } = JSON.parse(readFileSync(root + file, "utf8")) as {
    version: string;
    dependencies: Record<string, string>;
  }; // npm's own format
  const own = file === "package.json" ? [version] : [];
  return [...own, ...names.map((name) => `${name} ${dependencies[name]}`)].join(", ");
}

function commitOf(): string {
  const git = (...args: readonly string[]) => spawnSync("git", args, { cwd: root, encoding: "utf8" }).stdout.trim();
  const changed = git("status", "--porcelain", "--", "src", "prisma") === "" ? "" : " and changes after it";
  return `${git("rev-parse", "--short", "HEAD") || "unknown"}${changed}`;
}
