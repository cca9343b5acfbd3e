import { GatewayError } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import { leaseEnd } from "../../reconcile/lease.ts";
import type { Build, Prisma } from "../../store/generated/client/client.ts";
import { holdSpace } from "../spaces/service.ts";
import type { BuiltAgent } from "./build.ts";
import { moveBuild } from "./change.ts";

/** A build that this process may now make; or how long another process may still be making one. */
export type Claim = { readonly build: Build; readonly isRepeat: boolean } | { readonly waitMs: number };

/**
 * Takes the build whose turn it is: one that died with its process, from its beginning, or else the one that
 * waits. `null` when there is none. From now on writes that name an older epoch are refused. `alone` says that no
 * other process uses the database.
 */
export async function claimBuild(gateway: Gateway, spaceName: string, alone: boolean): Promise<Claim | null> {
  try {
    return await commit(gateway, async (unit) => {
      await holdSpace(unit.tx, spaceName); // so that no two processes find nothing running
      const running = await unit.tx.build.findFirst({ where: { spaceName, status: "BUILDING" } });
      return running ? takeOver(unit, gateway, running, alone) : takeNext(unit, gateway, spaceName);
    });
  } catch (error) {
    if (error instanceof GatewayError && error.code === "NOT_FOUND") return null;
    throw error;
  }
}

async function takeOver(unit: Unit, gateway: Gateway, build: Build, alone: boolean): Promise<Claim | null> {
  const isElsewhere = !alone && build.leaseOwner !== gateway.replicaId;
  const waitMs = (build.leaseUntil?.getTime() ?? 0) - unit.at.getTime();
  if (isElsewhere && waitMs > 0) return { waitMs };
  const [taken] = await unit.tx.build.updateManyAndReturn({
    where: { id: build.id, epoch: build.epoch, status: "BUILDING" },
    data: { ...lease(gateway, unit.at), agents: await agentsToBuild(unit, build.spaceName), updatedAt: unit.at },
  });
  return taken ? { build: taken, isRepeat: true } : null;
}

async function takeNext(unit: Unit, gateway: Gateway, spaceName: string): Promise<Claim | null> {
  const waiting = await unit.tx.build.findFirst({ where: { spaceName, status: "PENDING" } });
  if (!waiting) return null;
  const agents = await agentsToBuild(unit, spaceName);
  const columns = { ...lease(gateway, unit.at), startedAt: unit.at, agents };
  const build = await moveBuild(unit, { id: waiting.id, status: "PENDING" }, "BUILDING", columns);
  return build && { build, isRepeat: false };
}

const lease = (gateway: Gateway, from: Date) => ({
  leaseOwner: gateway.replicaId,
  leaseUntil: leaseEnd(from),
  epoch: { increment: 1 },
});

/** The agents that are not left out, as they are now. */
async function agentsToBuild({ tx }: Unit, spaceName: string): Promise<Prisma.InputJsonArray> {
  const agents = await tx.spaceAgent.findMany({
    where: { spaceName, status: { not: "INACTIVE" } },
    orderBy: { name: "asc" },
    select: { name: true, sourceRepo: true, sourceBranch: true },
  });
  return agents.map(({ name, sourceRepo, sourceBranch }): Prisma.InputJsonObject & BuiltAgent => ({
    name,
    sourceRepo,
    sourceBranch,
    commit: null,
    manifest: null,
    error: null,
  }));
}

/** A build that is this process's to make, as far as the store knows. */
export const mine = ({ id, epoch }: Pick<Build, "id" | "epoch">) => ({ id, epoch, status: "BUILDING" }) as const;

/** Keeps a build from being taken over; `false` when it is no longer this process's. */
export async function renewLease(gateway: Gateway, build: Build): Promise<boolean> {
  const data = { leaseUntil: leaseEnd(gateway.now()) };
  const { count } = await gateway.store.build.updateMany({ where: mine(build), data });
  return count > 0;
}

/** Gives a build back unfinished, for the next process to begin again. */
export const releaseBuild = (gateway: Gateway, build: Build) =>
  gateway.store.build.updateMany({ where: mine(build), data: { leaseUntil: gateway.now() } });
