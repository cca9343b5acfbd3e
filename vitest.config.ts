import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { chromium, docker, postgresql } from "./test/support/needs.ts";
import { SkipReporter } from "./test/support/skip-reporter.ts";
import { isHere, lanes } from "./test/support/suites.ts";

const alone = lanes.flat();
const leftOut = alone.flatMap(({ need, files }) => (need?.found === null ? [{ need, files }] : []));

// Loading the gateway takes longer than most files do, so a process loads it once for all its files. They share no
// store, port or folder; what else a test changes it puts back.
const together = { isolate: false };

export default defineConfig({
  // Vitest would load graphql twice, once as a module and once as CommonJS, and `instanceof` would fail.
  resolve: { alias: { graphql: fileURLToPath(import.meta.resolve("graphql")) } },
  test: {
    expect: { poll: { timeout: 10_000 } }, // a busy machine may take longer than the second that is the default
    reporters: [
      "default",
      ["json", { outputFile: process.env["TEST_REPORT"] ?? "node_modules/.cache/test-report.json" }],
      new SkipReporter(leftOut, [docker, postgresql, chromium]),
    ],
    projects: [
      {
        extends: true,
        test: {
          name: "default",
          include: ["test/**/*.test.ts"],
          exclude: alone.filter(({ again }) => !again).flatMap(({ files }) => files),
          testTimeout: 10_000,
          ...together,
          maxWorkers: Math.max(2, availableParallelism() - 1),
        },
      },
      ...alone.filter(isHere).map(({ name, files, testTimeout, globalSetup = [], env = {}, again }, place) => ({
        extends: true as const,
        test: {
          name,
          include: [...files],
          testTimeout,
          hookTimeout: testTimeout,
          globalSetup,
          env,
          ...(again ? together : {}),
          fileParallelism: false,
          sequence: { groupOrder: place + 1 },
        },
      })),
    ],
  },
});
