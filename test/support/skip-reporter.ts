import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";
import type { Need } from "./needs.ts";

/** Test files that were left out because their need is not there. */
export interface LeftOut {
  readonly files: readonly string[];
  readonly need: Need;
}

/**
 * Says at the end which suites were skipped, by name and with the reason. Under `CI` nothing may be
 * skipped: there it fails the run.
 */
export class SkipReporter implements Reporter {
  readonly #leftOut: readonly LeftOut[];
  readonly #needs: readonly Need[];
  #vitest: Vitest | undefined;

  constructor(leftOut: readonly LeftOut[], needs: readonly Need[]) {
    this.#leftOut = leftOut;
    this.#needs = needs;
  }

  onInit(vitest: Vitest) {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]) {
    // A test that a name filter leaves out is not skipped for want of anything.
    const isFiltered = this.#vitest?.config.testNamePattern !== undefined;
    const lines = [...this.#linesForFiles(), ...(isFiltered ? [] : this.#linesForTests(modules))];
    if (lines.length === 0) return;
    this.#vitest?.logger.log(["", "Skipped:", ...lines.map((line) => `  ${line}`), ""].join("\n"));
    if (process.env["CI"]) {
      this.#vitest?.logger.error("Nothing may be skipped under CI.");
      process.exitCode = 1;
    }
  }

  #linesForFiles() {
    return this.#leftOut.flatMap(({ files, need }) => files.map((file) => `${file}: ${need.lacking}`));
  }

  #linesForTests(modules: readonly TestModule[]) {
    const lines = modules.flatMap((module) =>
      [...module.children.allTests("skipped")].map((test) => {
        const name = outermostSkipped(test).fullName;
        return `${module.relativeModuleId} > ${name}: ${this.#reasonFor(test)}`;
      }),
    );
    return new Set(lines);
  }

  #reasonFor(test: TestCase) {
    const result = test.result();
    const note = result.state === "skipped" ? result.note : undefined;
    const need = this.#needs.find(({ name, found }) => found === null && test.fullName.includes(name));
    return note ?? need?.lacking ?? "no reason given";
  }
}

/** The suite as a whole where all of it is skipped, so that it is named once. */
function outermostSkipped(test: TestCase): TestCase | TestSuite {
  let named: TestCase | TestSuite = test;
  for (let parent = test.parent; parent.type === "suite"; parent = parent.parent) {
    if (parent.state() === "skipped") named = parent;
  }
  return named;
}
