import { GatewayError } from "../../errors.ts";
import type { Gateway } from "../../gateway.ts";
import type { Computer } from "../../store/generated/client/client.ts";
import { containerName } from "./computer.ts";
import type { LeftOver } from "./left-over.ts";
import { settle } from "./settle.ts";

// What a row says is nearly always so. To ask the engine first takes as long as to freeze or thaw, so it is only asked
// when it refuses.

/**
 * Freezes a computer; `false` when it does not run, or something else is ordered by now. The row says so first: whoever
 * reads RUNNING there may rely on it.
 */
export async function freeze(gateway: Gateway, computer: Computer): Promise<boolean> {
  if (!(await settle(gateway, computer, { phase: "PAUSED" }))) return false;
  try {
    await gateway.runtime.ensurePaused(containerName(computer));
    return true;
  } catch (error) {
    if (!isDown(error)) throw error;
    return false;
  }
}

const isDown = (error: unknown) =>
  error instanceof GatewayError && (error.code === "NOT_FOUND" || error.code === "CONFLICT");

/** Thaws a computer that was frozen; `false` when that is not all it needs, or cannot be done. */
export async function thaw(gateway: Gateway, computer: Computer, leftOver: LeftOver): Promise<boolean> {
  if (!(await gateway.runtime.thaw(containerName(computer)).catch(() => false))) return false;
  await leftOver.end(computer);
  const startedAt = computer.startedAt ?? gateway.now();
  await settle(gateway, computer, { phase: "RUNNING", startedAt, lastError: null });
  return true;
}
