import type { Gateway } from "../../gateway.ts";
import { openWorkspace } from "./workspace.ts";

/** Where whoever works in a computer finds what it was told to be (document C, "Create agent"). */
const path = "code/instructions.md";

/** Writes the instructions into a computer as soon as it runs; nothing where there are none. */
export async function writeInstructions(
  gateway: Gateway,
  computerId: string,
  instructions: string | null,
  signal: AbortSignal,
): Promise<void> {
  if (instructions === null) return;
  await openWorkspace(gateway, computerId, signal).writeFile(path, new TextEncoder().encode(instructions));
}
