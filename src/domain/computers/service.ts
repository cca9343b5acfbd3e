import { asPayload } from "../../events/append.ts";
import type { Unit } from "../../events/commit.ts";
import { tellingOf } from "../../events/remembered.ts";
import type { Gateway } from "../../gateway.ts";
import { checkImageAllowed } from "../../runtime/allowed-images.ts";
import type { ContainerLimits } from "../../runtime/runtime.ts";
import type { Computer, ComputerDesired, Network, Prisma } from "../../store/generated/client/client.ts";
import { computerStream, wantedPhase } from "./computer.ts";
import { claimWarm, warmOf } from "./warm-pool.ts";

/** What a new computer is to be. */
export interface NewComputer {
  readonly space: string;
  readonly image?: string | null;
  /** Its main process; without one it only waits for commands. */
  readonly command?: readonly string[];
  readonly network: Network;
  /** What is not to be as the gateway limits every computer. */
  readonly limits?: Partial<ContainerLimits>;
  /** The computer whose volume is copied before the first start. */
  readonly copyFrom?: { readonly id: string; readonly code: boolean; readonly content: boolean };
}

/**
 * Orders a new computer; the controller makes it, unless the pool has one that runs already. Call it inside the
 * change that needs the computer.
 *
 * @throws BAD_USER_INPUT for an image that the operator does not allow.
 */
export async function createComputer(unit: Unit, wanted: NewComputer): Promise<Computer> {
  if (wanted.image != null) checkImageAllowed(unit.gateway.config, wanted.image);
  const warm = await claimWarm(unit, wanted);
  if (!warm) return insertComputer(unit, wanted);
  await emitComputer(unit, "computer.ordered", warm);
  return warm;
}

/** Orders a computer that runs for nobody, at a place of the pool. @throws when the place is taken. */
export async function createWarm(unit: Unit, warmSlot: number): Promise<void> {
  await insertComputer(unit, { space: "", ...warmOf(unit.gateway.config) }, warmSlot);
}

async function insertComputer(unit: Unit, wanted: NewComputer, warmSlot: number | null = null): Promise<Computer> {
  const { tx, at, gateway } = unit;
  const computer = await tx.computer.create({
    data: {
      id: gateway.newId(),
      space: wanted.space,
      image: wanted.image ?? null,
      ...(wanted.command ? { command: [...wanted.command] } : {}),
      network: wanted.network,
      ...(wanted.limits ? { limits: { ...wanted.limits } } : {}),
      copyFromId: wanted.copyFrom?.id ?? null,
      copyCode: wanted.copyFrom?.code ?? true,
      copyContent: wanted.copyFrom?.content ?? true,
      warmSlot,
      createdAt: at,
      updatedAt: at,
    },
  });
  await emitComputer(unit, "computer.ordered", computer);
  return computer;
}

/** The computer as it is, or `null`. By hand, for every command and every change of one begins with it. */
export async function readComputer({ store }: Pick<Gateway, "store">, id: string): Promise<Computer | null> {
  const [computer] = await store.sql.all<Computer>(`SELECT * FROM "Computer" WHERE "id" = ?`, [id]);
  return computer ?? null;
}

/**
 * Orders what a computer should be from now on. Ordering what is ordered already changes nothing. A PAUSED one is
 * stopped when nobody wants it RUNNING soon, unless it is to stay frozen. One that is to be frozen first is PAUSED from
 * here on, for whoever reads RUNNING may rely on it, and the controller need not say so once more before it freezes it.
 * One that was given up and is to run is so no longer: who wants something of it waits until it runs or is given up anew.
 */
export async function orderComputer(
  unit: Unit,
  id: string,
  desired: ComputerDesired,
  { staysFrozen = false }: { readonly staysFrozen?: boolean } = {},
): Promise<void> {
  const freezeMs = unit.gateway.config.freezeSeconds * 1000;
  const stopAt = desired === "PAUSED" && !staysFrozen ? new Date(unit.at.getTime() + freezeMs) : null;
  const [computer] = await unit.sql.all<Computer>(orderTo(wantedPhase({ desired, stopAt }, unit.at)), [
    desired,
    stopAt,
    unit.at,
    id,
    desired,
  ]);
  if (computer) await emitComputer(unit, "computer.ordered", computer);
}

/** By hand, for every sleep and every wake gives an order. */
const orderTo = (wanted: ComputerDesired) =>
  `UPDATE "Computer" SET "desired" = ?, "stopAt" = ?, "updatedAt" = ?${alongWith[wanted] ?? ""}
  WHERE "id" = ? AND "desired" NOT IN (?, 'ABSENT') RETURNING *`;

const alongWith: Readonly<Partial<Record<ComputerDesired, string>>> = {
  RUNNING: `, "failures" = 0, "failedAt" = NULL, "retryAt" = NULL, "lastError" = NULL,
    "phase" = CASE "phase" WHEN 'FAILED' THEN 'STOPPED' ELSE "phase" END`,
  PAUSED: `, "phase" = CASE "phase" WHEN 'RUNNING' THEN 'PAUSED' ELSE "phase" END`,
};

/** Has a computer's next container made of another image; `false`, and no change, while it still has one. */
export async function changeImage(unit: Unit, id: string, image: string): Promise<boolean> {
  const [computer] = await unit.tx.computer.updateManyAndReturn({
    where: { id, phase: "ABSENT" },
    data: { image, updatedAt: unit.at },
  });
  if (computer) await emitComputer(unit, "computer.changed", computer);
  return computer !== undefined;
}

/** Writes one event of the computer with its whole present state, but for the words of its main process. */
export function emitComputer(unit: Unit, type: ComputerEventType, computer: Computer): Promise<void> {
  const { command: _command, ...shown } = computer;
  const space = computer.space || null; // one of the pool has none
  return unit.emit({
    stream: computerStream(computer.id),
    type,
    space,
    payload: tellingOf(asPayload(shown), computer),
  });
}

/**
 * `ordered` something else is wanted · `changed` it is seen in another phase, has got a host, is to have another image, or
 * moved to another space · `running` it can take commands · `died` it ended by itself · `failed` it is given up · `removed`
 * it and its volume are gone.
 */
export type ComputerEventType =
  | "computer.ordered"
  | "computer.changed"
  | "computer.running"
  | "computer.died"
  | "computer.failed"
  | "computer.removed";

/** The computer that one of its events is about, as far as readers of events need it. */
export const computerOf = (event: { readonly payload: object }) =>
  event.payload as Pick<Prisma.ComputerGetPayload<object>, "id" | "phase" | "lastError" | "generation">; // written above
