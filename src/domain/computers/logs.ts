import { GatewayError } from "../../errors.ts";
import type { Gateway } from "../../gateway.ts";
import type { LogLine } from "../../runtime/runtime.ts";
import type { Computer } from "../../store/generated/client/client.ts";
import { containerName } from "./computer.ts";

/** How much of a log, and whether to go on with what comes. */
export interface LogRequest {
  readonly tail: number;
  readonly follow?: boolean;
  readonly signal: AbortSignal;
}

/**
 * What the main process of a computer's present container printed, oldest first; nothing while there is no container.
 * Following ends with the signal, and may end when the container stops.
 */
export async function* readComputerLog(
  gateway: Pick<Gateway, "runtime">,
  computer: Pick<Computer, "id" | "generation">,
  request: LogRequest,
): AsyncGenerator<LogLine, void, undefined> {
  if (computer.generation === 0) return;
  try {
    yield* gateway.runtime.logs(containerName(computer), request);
  } catch (error) {
    const isGone = error instanceof GatewayError && error.code === "NOT_FOUND";
    if (!isGone) throw error;
  }
}
