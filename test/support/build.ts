import type { TestProject } from "vitest/node";
import { prepare } from "../../scripts/setup.cjs";

/**
 * Before suites that start the gateway as users do: the program they start is made of the source as it is. For those
 * that use an engine so is the image of computers, which takes longer to make than a test waits for a computer.
 */
export async function setup({ name }: Pick<TestProject, "name">): Promise<void> {
  await prepare({ withBuild: true });
  if (name !== "docker") return;
  const { openTestRuntime, testImage } = await import("../docker/world.ts");
  const runtime = openTestRuntime();
  await runtime.ensureImage(testImage).finally(() => runtime.close());
}
