import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import { isHere, lanes } from "../test/support/suites.ts";

// `npm run check`: everything that must hold before a commit, and exactly what CI runs. Generated code
// is made by the set-up that runs first; the schema comparison and the layers are among the tests.
// `checks` or `tests` as an argument asks for one half of it.
const TestCase = z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() });
const TestFile = z.object({
  name: z.string(),
  message: z.string(),
  status: z.string(),
  assertionResults: z.array(TestCase),
});
const Report = z.object({ numPassedTests: z.number(), numFailedTests: z.number(), testResults: z.array(TestFile) });
const longestMs = 25 * 60_000;
const checks = [
  { name: "format", command: ["biome", "format", "."] },
  { name: "lint", command: ["oxlint"] },
  { name: "types", command: ["tsc", "--noEmit"] },
  { name: "dead code", command: ["knip", "--no-progress", "--treat-config-hints-as-errors"] },
  { name: "build", command: ["tsx", "scripts/build.ts"] },
];

interface Count {
  readonly passed: number;
  readonly failed: number;
  /** What there is to say of tests that failed, a line each. */
  readonly failures?: readonly string[];
}

const [half] = process.argv.slice(2);
const counts: Count[] = [];
if (half !== "tests") for (const { name, command } of checks) counts.push(await check(name, command));
if (half !== "checks") {
  // The default suite computes on all processors; the others mostly wait, and so do it side by side.
  counts.push(await test(["default"], "live"));
  const names = lanes.map((lane) => lane.filter(isHere).map(({ name }) => name)).filter((lane) => lane.length > 0);
  counts.push(...(await Promise.all(names.map((suites) => test(suites, "whole")))));
}
const sum = (one: "passed" | "failed") => counts.reduce((total, count) => total + count[one], 0);
// Each stands far above, among what passed, with all there is to say about it.
const said = counts.flatMap(({ failures = [] }) => failures);
console.log(["", ...said, `${sum("passed")} passed, ${sum("failed")} failed`].join("\n"));
process.exitCode = sum("failed") === 0 ? 0 : 1;

async function check(name: string, command: readonly string[]): Promise<Count> {
  return (await isFine(name, command, "onFailure")) ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Runs suites one after another and counts their tests. */
async function test(suites: readonly string[], shown: "live" | "whole"): Promise<Count> {
  const report = `node_modules/.cache/test-report-${suites.join("-")}.json`;
  rmSync(report, { force: true });
  const projects = suites.flatMap((suite) => ["--project", suite]);
  const env = { TEST_REPORT: report };
  const fine = await isFine(`tests: ${suites.join(", ")}`, ["vitest", "run", ...projects], shown, env);
  const { passed, failed, failures } = readReport(report);
  // A run can fail without a failed test: a file that does not load, a skipped suite under CI.
  return { passed, failed: fine ? failed : Math.max(1, failed), failures };
}

/** Runs one tool and says how it went; what it printed is shown at once, or in one piece when it has ended. */
async function isFine(
  name: string,
  [tool = "", ...args]: readonly string[],
  shown: "live" | "whole" | "onFailure",
  env: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  const startedAt = performance.now();
  const out = shown === "live" ? "inherit" : "pipe";
  const child = spawn(`node_modules/.bin/${tool}`, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", out, out],
    timeout: longestMs,
  });
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => printed.push(chunk));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null]; // as Node promises
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (shown === "whole" || code !== 0) console.log(Buffer.concat(printed).toString().trim());
  if (signal) console.log(`${name} did not come to an end: ${signal}`);
  console.log(`${code === 0 ? "✓" : "✗"} ${name} (${seconds} s)`);
  return code === 0;
}

function readReport(path: string): Required<Count> {
  try {
    const { numPassedTests, numFailedTests, testResults } = Report.parse(JSON.parse(readFileSync(path, "utf8")));
    return { passed: numPassedTests, failed: numFailedTests, failures: testResults.flatMap(failuresIn) };
  } catch {
    return { passed: 0, failed: 0, failures: [] }; // vitest did not come as far as its report
  }
}

/** One line for each test of a file that failed, and for a file that did not load. */
function failuresIn({ name, message, status, assertionResults }: z.infer<typeof TestFile>): readonly string[] {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter((one) => one.status === "failed");
  if (status === "failed" && failed.length === 0) return [`✗ ${file}: ${firstLine(message)}`];
  return failed.map((one) => `✗ ${file} > ${one.fullName}: ${firstLine(one.failureMessages?.[0])}`);
}

function firstLine(text = "") {
  return stripVTControlCharacters(text).split("\n", 1)[0];
}
