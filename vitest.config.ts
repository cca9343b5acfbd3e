import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { chromium, docker, type Need, postgresql } from "./test/support/needs.ts";
import { SkipReporter } from "./test/support/skip-reporter.ts";

interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  readonly need?: Need;
  readonly testTimeout: number;
  readonly globalSetup?: string;
}

/**
 * Suites that share an engine, kill processes or drive a browser run by themselves, one file at a time, each file in a
 * process of its own. Those that start the gateway as users do have it built first.
 */
const alone: readonly Suite[] = [
  {
    name: "crash",
    files: ["test/crash/**/*.test.ts"],
    testTimeout: 60_000,
    globalSetup: "test/support/build.ts",
  },
  {
    name: "docker",
    files: ["test/docker/**/*.test.ts", "test/runtime/docker.test.ts"],
    need: docker,
    testTimeout: 60_000,
  },
  { name: "browser", files: ["test/browser/**/*.test.ts"], need: chromium, testTimeout: 60_000 },
];

const isHere = ({ need }: Suite) => need === undefined || need.found !== null;
const leftOut = alone.flatMap(({ need, files }) =>
  need?.found === null ? [{ need, files: globSync([...files]).toSorted() }] : [],
);

export default defineConfig({
  // Vitest would load graphql twice, once as a module and once as CommonJS, and `instanceof` would fail.
  resolve: { alias: { graphql: fileURLToPath(import.meta.resolve("graphql")) } },
  test: {
    reporters: [
      "default",
      ["json", { outputFile: "node_modules/.cache/test-report.json" }],
      new SkipReporter(leftOut, [docker, postgresql, chromium]),
    ],
    projects: [
      {
        extends: true,
        test: {
          name: "default",
          include: ["test/**/*.test.ts"],
          exclude: alone.flatMap(({ files }) => files),
          testTimeout: 10_000,
          // Loading the gateway takes longer than most files do, so a process loads it once for all its files. They
          // share no store, port or folder; what else a test changes it puts back.
          isolate: false,
          maxWorkers: Math.max(2, availableParallelism() - 1),
        },
      },
      ...alone.filter(isHere).map(({ name, files, testTimeout, globalSetup = [] }, place) => ({
        extends: true as const,
        test: {
          name,
          include: [...files],
          testTimeout,
          hookTimeout: testTimeout,
          globalSetup,
          fileParallelism: false,
          sequence: { groupOrder: place + 1 },
        },
      })),
    ],
  },
});
