import { prepare } from "../../scripts/setup.cjs";

/** Before suites that start the gateway as users do: the program they start is made of the source as it is. */
export async function setup(): Promise<void> {
  await prepare({ withBuild: true });
}
