import { isDeepStrictEqual } from "node:util";
import type { Config } from "../../config.ts";
import type { Unit } from "../../events/commit.ts";
import type { LogEvent } from "../../events/event.ts";
import type { Gateway } from "../../gateway.ts";
import { type Computer, Prisma } from "../../store/generated/client/client.ts";
import { limitsOf } from "./computer.ts";
import type { NewComputer } from "./service.ts";

/** What every computer of the pool is: as one that is ordered without a word on it. */
export const warmOf = ({ agentImage, computerLimits }: Config) =>
  ({ image: agentImage, network: "NONE", limits: computerLimits }) as const;

/** Computers that run for nobody yet and have never failed: whoever wants one may have it. */
const ready = {
  warmSlot: { not: null },
  desired: "RUNNING",
  phase: "RUNNING",
  failures: 0,
} satisfies Prisma.ComputerWhereInput;

/** How many computers of the pool can be had at once. */
export const countReady = ({ store }: Pick<Gateway, "store">) => store.computer.count({ where: ready });

/** What is measured of the pool. */
export const poolMeasures = (gateway: Gateway) => [
  { name: "raworc_warm_pool_ready", help: "Computers that can be had at once", value: () => countReady(gateway) },
  { name: "raworc_warm_pool_places", help: "Computers there should be", value: async () => gateway.config.warmPool },
];

/**
 * Takes a running computer out of the pool for a new owner, inside the change that needs it; `null` when there is
 * none, or when what is wanted is anything but what the pool has.
 *
 * It counts as begun now: what it ran before was nobody's.
 */
export async function claimWarm({ tx, at, gateway }: Unit, wanted: NewComputer): Promise<Computer | null> {
  if (gateway.config.warmPool === 0 || !isUsual(wanted, gateway.config)) return null;
  const { image, network, limits } = warmOf(gateway.config);
  const found = await tx.computer.findMany({ where: { ...ready, image, network }, orderBy: { id: "asc" } });
  const data = {
    space: wanted.space,
    image: wanted.image ?? null,
    limits: wanted.limits ? { ...wanted.limits } : Prisma.DbNull,
    warmSlot: null,
    startedAt: at,
    createdAt: at,
    updatedAt: at,
  };
  for (const { id } of found.filter((warm) => isDeepStrictEqual(warm.limits, { ...limits }))) {
    const [claimed] = await tx.computer.updateManyAndReturn({ where: { ...ready, id }, data });
    if (claimed) return claimed;
  }
  return null;
}

/** True for the event of a claim: what is ordered runs already, so nothing is left to be done. */
export const isClaim = ({ type, payload }: LogEvent) =>
  type === "computer.ordered" && payload["desired"] === "RUNNING" && payload["phase"] === "RUNNING";

/** True for a computer that would be made exactly as those of the pool are. */
function isUsual({ image, command, network, limits, copyFrom }: NewComputer, config: Config): boolean {
  if (command !== undefined || copyFrom !== undefined) return false;
  const asked = {
    image: image ?? config.agentImage,
    network,
    limits: limitsOf({ limits: limits ?? null }, config.computerLimits),
  };
  return isDeepStrictEqual(asked, warmOf(config));
}
