import type { ContainerLimits } from "../../runtime/runtime.ts";
import type { Computer, ComputerPhase } from "../../store/generated/client/client.ts";

/** The container of one generation. Made from the id, never from user input. */
export const containerName = ({ id, generation }: Pick<Computer, "id" | "generation">) => `raworc-${id}-g${generation}`;

export const volumeName = (id: string) => `raworc-${id}`;

/** The computer that a container or volume is named after; `null` for a name of anything else. */
export const computerIdOf = (name: string): string | null => /^raworc-(.+?)(?:-g\d+)?$/.exec(name)?.[1] ?? null;

/** The stream of a computer's events. */
export const computerStream = (id: string) => `computer:${id}`;

/** The label that leads from a container or volume back to its row. */
export const computerLabel = "raworc.computer";

/** What a computer may use: what its space allows, and the gateway's defaults for the rest. */
export const limitsOf = (computer: Pick<Computer, "limits">, usual: ContainerLimits): ContainerLimits => ({
  ...usual,
  ...(computer.limits as Partial<ContainerLimits> | null), // written by createComputer
});

/** What a computer should be right now: one that sleeps is frozen first and stopped when its time has come. */
export function wantedPhase({ desired, stopAt }: Pick<Computer, "desired" | "stopAt">, now: Date) {
  return desired === "PAUSED" && stopAt !== null && stopAt <= now ? "STOPPED" : desired;
}

/** Milliseconds until a frozen computer is to be stopped; `null` when nothing is counting. */
export function msUntilStop({ desired, stopAt }: Pick<Computer, "desired" | "stopAt">, now: Date): number | null {
  return desired === "PAUSED" && stopAt !== null ? Math.max(0, stopAt.getTime() - now.getTime()) : null;
}

/** Failures inside this window count together. */
const failureWindowMs = 10 * 60_000;
/** So many failures in the window and the computer is given up (design, "Lifecycle"). */
const mostFailures = 5;
const firstRetryMs = 500;

/** The failure count after one more failure, and what follows from it. */
export function afterFailure(computer: Pick<Computer, "failures" | "failedAt">, now: Date) {
  const recent = computer.failedAt !== null && now.getTime() - computer.failedAt.getTime() < failureWindowMs;
  const failures = (recent ? computer.failures : 0) + 1;
  return {
    failures,
    failedAt: recent ? computer.failedAt : now,
    givenUp: failures >= mostFailures,
    retryAt: new Date(now.getTime() + firstRetryMs * 2 ** (failures - 1)),
  };
}

/** Milliseconds a computer has run in all. */
export const ranMs = (computer: Pick<Computer, "ranMs" | "startedAt" | "phase">, now: Date) =>
  computer.ranMs + currentRunMs(computer, now);

/** Milliseconds of the present run; 0 when it is not running. */
export const currentRunMs = ({ startedAt, phase }: Pick<Computer, "startedAt" | "phase">, now: Date) =>
  startedAt !== null && isUp(phase) ? Math.max(0, now.getTime() - startedAt.getTime()) : 0;

/** True while the computer holds memory. */
const isUp = (phase: ComputerPhase) => phase === "RUNNING" || phase === "PAUSED";
