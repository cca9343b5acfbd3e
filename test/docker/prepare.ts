import { prepare } from "../../scripts/setup.cjs";
import { openTestRuntime, testImage } from "./world.ts";

/**
 * Before suites that use an engine: the program is made of the source as it is, and so is the image that computers
 * start from. To make it takes longer than any test waits for a computer.
 */
export async function setup(): Promise<void> {
  await prepare({ withBuild: true });
  const runtime = openTestRuntime();
  await runtime.ensureImage(testImage).finally(() => runtime.close());
}
