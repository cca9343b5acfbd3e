import { conflict, notFound } from "../../errors.ts";
import { commit, type Committer, type Unit } from "../../events/commit.ts";
import type { Build } from "../../store/generated/client/client.ts";
import { holdSpace, requireActiveSpace } from "../spaces/service.ts";
import { unfinished } from "./build.ts";
import { emitBuild, moveBuild } from "./change.ts";

/**
 * Orders a build of a space. One that already waits takes what there is when it begins, so it is the answer and no
 * other is made.
 *
 * @throws NOT_FOUND for an unknown space.
 */
export async function orderBuild(unit: Unit, spaceName: string): Promise<Build> {
  await holdSpace(unit.tx, spaceName);
  const waiting = await unit.tx.build.findFirst({ where: { spaceName, status: "PENDING" } });
  if (waiting) return waiting;
  const { gateway, at } = unit;
  const id = `build-${gateway.newId()}`;
  const data = { id, spaceName, createdByName: gateway.actor, createdAt: at, updatedAt: at };
  const build = await unit.tx.build.create({ data });
  await emitBuild(unit, build);
  return build;
}

/**
 * Builds the image of a space anew, when its turn comes.
 *
 * @throws NOT_FOUND for an unknown space, CONFLICT for an inactive one.
 */
export const buildSpace = (gateway: Committer, spaceName: string): Promise<Build> =>
  commit(gateway, async (unit) => {
    await requireActiveSpace(unit.tx, spaceName);
    return orderBuild(unit, spaceName);
  });

/**
 * Ends a build that waits or runs; the space keeps the image it has. Cancelling what is cancelled changes nothing.
 *
 * @throws NOT_FOUND, CONFLICT when it has ended otherwise.
 */
export const cancelBuild = (gateway: Committer, id: string): Promise<Build> =>
  commit(gateway, async (unit) => {
    const present = await unit.tx.build.findUnique({ where: { id } });
    if (!present) throw notFound("Build", id);
    await holdSpace(unit.tx, present.spaceName); // before the build, as everybody does
    const columns = { error: cancelledBy(gateway.actor) };
    const cancelled = await moveBuild(unit, { id, status: { in: [...unfinished] } }, "CANCELLED", columns);
    const build = cancelled ?? (await unit.tx.build.findUniqueOrThrow({ where: { id } }));
    if (build.status === "CANCELLED") return build;
    throw conflict(`Build "${id}" has already ended: it is ${build.status}`, { state: build.status });
  });

const cancelledBy = (user: string | null) => (user === null ? "Cancelled" : `Cancelled by ${user}`);
