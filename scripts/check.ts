import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { z } from "zod";

// `npm run check`: everything that must hold before a commit, and exactly what CI runs. Generated code
// is made by the set-up that runs first; the schema comparison and the layers are among the tests.
const report = "node_modules/.cache/test-report.json";
const Report = z.object({ numPassedTests: z.number(), numFailedTests: z.number() });
const longestMs = 25 * 60_000;
const checks = [
  { name: "format", command: ["biome", "format", "."] },
  { name: "lint", command: ["oxlint"] },
  { name: "types", command: ["tsc", "--noEmit"] },
  { name: "dead code", command: ["knip", "--no-progress", "--treat-config-hints-as-errors"] },
  { name: "build", command: ["tsx", "scripts/build.ts"] },
];

const results = checks.map(({ name, command }) => isFine(name, command));
rmSync(report, { force: true });
const testsAreFine = isFine("tests", ["vitest", "run"], "shown");
const tests = readReport();

const passed = results.filter((fine) => fine).length + tests.passed;
// A run can fail without a failed test: a file that does not load, a skipped suite under CI.
const failed = results.filter((fine) => !fine).length + (testsAreFine ? tests.failed : Math.max(1, tests.failed));
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs one check and says how it went; what it printed is shown when it failed. */
function isFine(name: string, [tool = "", ...args]: readonly string[], output: "shown" | "onFailure" = "onFailure") {
  const startedAt = performance.now();
  const { status, stdout, stderr, error } = spawnSync(`node_modules/.bin/${tool}`, args, {
    encoding: "utf8",
    stdio: ["ignore", output === "shown" ? "inherit" : "pipe", output === "shown" ? "inherit" : "pipe"],
    maxBuffer: 100 * 1024 * 1024,
    timeout: longestMs,
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (status !== 0 && output === "onFailure") console.log(`${stdout}${stderr}`.trim());
  if (error) console.log(`${name} did not come to an end: ${error.message}`);
  console.log(`${status === 0 ? "✓" : "✗"} ${name} (${seconds} s)`);
  return status === 0;
}

function readReport(): { readonly passed: number; readonly failed: number } {
  try {
    const { numPassedTests, numFailedTests } = Report.parse(JSON.parse(readFileSync(report, "utf8")));
    return { passed: numPassedTests, failed: numFailedTests };
  } catch {
    return { passed: 0, failed: 0 }; // vitest did not come as far as its report
  }
}
