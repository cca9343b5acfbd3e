import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Computer, Prisma } from "../../store/generated/client/client.ts";
import { currentRunMs } from "./computer.ts";
import { emitComputer } from "./service.ts";

/** What a computer was seen to be, or is about to become. */
export interface Seen {
  readonly phase: Computer["phase"];
  readonly startedAt?: Date | null;
  readonly lastError?: string | null;
}

/**
 * Stores the phase; when it is another one, says so in the same transaction. `false`, and nothing is stored, when
 * the computer is no longer ours to change, or was to rest and something else is ordered by now.
 */
export async function settle(gateway: Gateway, computer: Computer, seen: Seen): Promise<boolean> {
  if (computer.phase === seen.phase) return true;
  const asOrdered = seen.phase === "RUNNING" ? {} : { desired: computer.desired };
  return commit(gateway, async (unit) => {
    const [row] = await unit.tx.computer.updateManyAndReturn({
      where: { id: computer.id, epoch: computer.epoch, ...asOrdered },
      data: { ...seen, ...endOfRun(computer, seen, unit.at), runtime: gateway.runtime.kind, updatedAt: unit.at },
    });
    if (row) await emitComputer(unit, seen.phase === "RUNNING" ? "computer.running" : "computer.changed", row);
    return row !== undefined;
  });
}

/** Time is counted while a computer holds memory; it is added up when the run ends. */
export function endOfRun(computer: Computer, seen: Seen, now: Date): Prisma.ComputerUpdateManyMutationInput {
  if (seen.phase === "RUNNING" || seen.phase === "PAUSED") return {};
  return { ranMs: { increment: currentRunMs(computer, now) }, startedAt: null };
}
