import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { GatewayError } from "../../errors.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler } from "../../reconcile/queue.ts";
import type { Build } from "../../store/generated/client/client.ts";
import { buildLabel, newestFirst } from "./build.ts";
import { pruneBuilds } from "./prune.ts";
import { buildsFolder } from "./run.ts";

/** How long an image that was replaced stays for who chose it just before. */
const graceMs = 60_000;
const usedAgainMs = 30_000;
/** How often it is asked for builds of long ago: each time all builds are counted. */
const pruneEveryMs = 60 * 60_000;

/**
 * Removes the images that nothing needs any more: of every space the latest stays, what a session, a deployed agent
 * or a computer is made from, and what is being made. Whatever cannot be removed now is tried again. Now and then it
 * forgets builds of long ago.
 */
export function createImageReconciler(gateway: Gateway): Reconciler {
  let prunedAt = 0;
  return {
    name: "images",
    concurrency: 1,
    wants: ({ type }) => (endsAnImage.has(type) ? "all" : null),
    keys: async () => ["all"],
    async reconcile() {
      await removeFolders(gateway);
      const isLeft = await removeImages(gateway);
      const now = gateway.now().getTime();
      if (now - prunedAt >= pruneEveryMs) {
        await pruneBuilds(gateway, (old) => keptBuilds(gateway, old));
        prunedAt = now;
      }
      return { againAfterMs: isLeft ? usedAgainMs : null };
    },
  };
}

/** Answers whether some could not be removed yet. */
async function removeImages(gateway: Gateway): Promise<boolean> {
  const images = await gateway.runtime.images.list();
  const ids = images.map(({ labels }) => labels[buildLabel] ?? "");
  const kept = await keptBuilds(gateway, ids);
  let isLeft = false;
  for (const [place, { name }] of images.entries()) {
    const isRemoved = kept.has(ids[place] ?? "") || (await remove(gateway, name));
    isLeft ||= !isRemoved;
  }
  return isLeft;
}

const endsAnImage = new Set(["build.completed", "build.failed", "build.cancelled", "space.deleted"]);

/** `false` while the engine knows of something that is made from the image. */
async function remove({ runtime, log }: Gateway, image: string): Promise<boolean> {
  try {
    await runtime.images.remove(image);
    log.info({ image }, "removed an image that nothing uses");
    return true;
  } catch (error) {
    if (error instanceof GatewayError && error.code === "CONFLICT") return false;
    throw error;
  }
}

/** Which of these builds must stay, and their images. */
async function keptBuilds({ store, ...gateway }: Gateway, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const builds = await store.build.findMany({ where: { id: { in: [...ids] } } });
  const unfinished = builds.filter(({ status }) => status === "PENDING" || status === "BUILDING");
  const spaces = [...new Set(builds.map(({ spaceName }) => spaceName))];
  const completed = await store.build.findMany({
    where: { spaceName: { in: spaces }, status: "COMPLETED" },
    orderBy: newestFirst,
    select: { id: true, spaceName: true, completedAt: true },
  });
  const young = gateway.now().getTime() - graceMs;
  const kept = new Set(unfinished.map(({ id }) => id));
  for (const ofSpace of Map.groupBy(completed, ({ spaceName }) => spaceName).values()) {
    for (const [place, { id }] of ofSpace.entries()) {
      const replacedAt = ofSpace[place - 1]?.completedAt?.getTime() ?? Infinity;
      if (replacedAt > young) kept.add(id);
    }
  }
  for (const id of await usedBuilds(store, builds)) kept.add(id);
  return kept;
}

async function usedBuilds(store: Gateway["store"], builds: readonly Build[]): Promise<readonly string[]> {
  const ids = builds.map(({ id }) => id);
  const idsByImage = new Map(builds.flatMap(({ id, image }) => (image === null ? [] : [[image, id] as const])));
  const [sessions, agents, computers] = await Promise.all([
    store.session.findMany({ where: { buildId: { in: ids } }, distinct: ["buildId"], select: { buildId: true } }),
    store.spaceAgent.findMany({ where: { deployedBuild: { in: ids } }, select: { deployedBuild: true } }),
    store.computer.findMany({
      where: { image: { in: [...idsByImage.keys()] } },
      distinct: ["image"],
      select: { image: true },
    }),
  ]);
  return [
    ...sessions.flatMap(({ buildId }) => buildId ?? []),
    ...agents.flatMap(({ deployedBuild }) => deployedBuild ?? []),
    ...computers.flatMap(({ image }) => idsByImage.get(image ?? "") ?? []),
  ];
}

/** What a process that died had fetched. */
async function removeFolders({ config, store }: Gateway): Promise<void> {
  const folder = buildsFolder(config);
  const names = await readdir(folder).catch(() => []);
  if (names.length === 0) return;
  const running = await store.build.findMany({ where: { status: "BUILDING" }, select: { id: true } });
  const kept = new Set(running.map(({ id }) => id));
  for (const name of names.filter((each) => !kept.has(each))) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
