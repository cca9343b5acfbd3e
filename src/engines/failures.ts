import type { EngineOutcome, Failure, WorkspaceResult } from "./engine.ts";

/** No limit of an engine's own: the deadline of whoever answers ends a job through its signal. */
export const NO_LIMIT_MS = 24 * 60 * 60 * 1000;

export const INTERRUPTED: Failure = {
  reason: "INTERRUPTED",
  message: "The gateway restarted while the command ran; its end was not seen and it is not run again",
};
const OUT_OF_MEMORY: Failure = {
  reason: "OUT_OF_MEMORY",
  message: "The computer ran out of memory while the command ran",
};
const COMPUTER_LOST: Failure = { reason: "COMPUTER_LOST", message: "The computer was lost before the command ended" };

export const failed = (text: string, failure: Failure): EngineOutcome => ({ status: "failed", text, failure });

/** Why a command that ended so answers nothing; `null` for one that came to its own end. */
export function failureOfEnd({ end, outOfMemory = false }: WorkspaceResult, limitMs: number): Failure | null {
  switch (end) {
    case "exited":
      return outOfMemory ? OUT_OF_MEMORY : null;
    case "timedOut":
      return { reason: "TIMEOUT", message: "The command ran longer than its limit", evidence: { limitMs } };
    case "aborted":
      return INTERRUPTED;
    case "containerLost":
      return outOfMemory ? OUT_OF_MEMORY : COMPUTER_LOST;
  }
}
