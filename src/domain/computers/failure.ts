import { GatewayError } from "../../errors.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { ReconcileResult } from "../../reconcile/queue.ts";
import type { ContainerState } from "../../runtime/runtime.ts";
import type { Computer } from "../../store/generated/client/client.ts";
import { afterFailure } from "./computer.ts";
import { type ComputerEventType, emitComputer } from "./service.ts";
import { endOfRun } from "./settle.ts";

/** Counts a death or a failed start and says when to try again; after too many the computer is given up. */
export async function recordFailure(
  gateway: Gateway,
  computer: Computer,
  type: Extract<ComputerEventType, "computer.died" | "computer.changed">,
  reason: string,
): Promise<ReconcileResult> {
  const { givenUp, ...counted } = afterFailure(computer, gateway.now());
  // Giving up is an order too: it must not undo one that came meanwhile, such as a deletion.
  const asOrdered = givenUp ? { desired: computer.desired } : {};
  const stored = await commit(gateway, async (unit) => {
    const [row] = await unit.tx.computer.updateManyAndReturn({
      where: { id: computer.id, epoch: computer.epoch, ...asOrdered },
      data: {
        ...counted,
        ...endOfRun(computer, { phase: "STOPPED" }, unit.at),
        phase: givenUp ? "FAILED" : "STOPPED",
        ...(givenUp ? { desired: "STOPPED" } : {}),
        lastError: reason,
        exitReason: reason,
        updatedAt: unit.at,
      },
    });
    if (!row) return false;
    await emitComputer(unit, type, row);
    if (givenUp) await emitComputer(unit, "computer.failed", row);
    return true;
  });
  if (!stored) return { againAfterMs: 0 };
  return { againAfterMs: givenUp ? null : counted.retryAt.getTime() - gateway.now().getTime() };
}

/** True when nothing was begun, for an engine was away. */
export const wasNotStarted = (error: unknown) =>
  error instanceof GatewayError && error.code === "UNAVAILABLE" && error.facts.state === "notStarted";

/** Why a container that should run does not. */
export const deathOf = (state: ContainerState | null) => {
  if (!state) return "its container was removed from outside";
  if (state.outOfMemory) return "it ran out of memory";
  return `its container ended with exit code ${state.exitCode ?? "unknown"}`;
};

/**
 * A volume does not move between runtimes: better an honest refusal than an empty computer. The computer is given
 * up, so that it does not run behind the back of its sleeping agent when the other runtime returns.
 */
export async function refuseOtherRuntime(gateway: Gateway, computer: Computer): Promise<ReconcileResult> {
  if (computer.desired !== "RUNNING") return {};
  const where = `its files are in the ${computer.runtime} runtime; this gateway uses ${gateway.runtime.kind}`;
  const lastError = `${where}. ${wayBackTo(computer.runtime)}`;
  await commit(gateway, async (unit) => {
    const [row] = await unit.tx.computer.updateManyAndReturn({
      where: { id: computer.id, epoch: computer.epoch, desired: "RUNNING" },
      data: { desired: "STOPPED", phase: "FAILED", lastError, updatedAt: unit.at },
    });
    if (row) await emitComputer(unit, "computer.failed", row);
  });
  return {};
}

/** What to do to have a computer's files again. */
const wayBackTo = (runtime: string | null) =>
  `${runtime === "docker" ? "Start Docker, set" : "Set"} RAWORC_RUNTIME=${runtime}, restart the gateway, ` +
  "then wake the agent (or resume the session)";
