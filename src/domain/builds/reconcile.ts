import type { Gateway } from "../../gateway.ts";
import type { Reconciler } from "../../reconcile/queue.ts";
import { unfinished } from "./build.ts";
import { claimBuild } from "./claim.ts";
import { engineAnswers, runBuild } from "./run.ts";
import { unavailable } from "../../errors.ts";

/**
 * Makes each space's builds, one after another. Keyed by the space. A build that died with its process is begun
 * again; `alone` says that no other process uses the database, so that it need not wait for a lease to end.
 */
export function createBuildReconciler(gateway: Gateway, { alone }: { readonly alone: boolean }): Reconciler {
  const shutdown = new AbortController();
  return {
    name: "builds",
    concurrency: gateway.config.builds.atOnce,
    wants: ({ type, space }) => (type === "build.created" ? space : null),
    keys: () => spacesWithBuilds(gateway),
    heldElsewhere: () => spacesBuiltElsewhere(gateway),
    async reconcile(spaceName) {
      if (shutdown.signal.aborted || !(await hasWork(gateway, spaceName))) return {};
      // Asked first, so that a build waits for an engine that is away instead of beginning again and again.
      if (!(await engineAnswers(gateway))) throw unavailable("The container engine cannot be reached; builds wait");
      const claim = await claimBuild(gateway, spaceName, alone);
      if (claim === null) return {};
      if ("waitMs" in claim) return { againAfterMs: claim.waitMs };
      await runBuild(gateway, claim.build, claim.isRepeat, shutdown.signal);
      return { againAfterMs: 0 };
    },
    async stop() {
      shutdown.abort();
    },
  };
}

const hasWork = async ({ store }: Gateway, spaceName: string) =>
  (await store.build.count({ where: { spaceName, status: { in: [...unfinished] } } })) > 0;

async function spacesWithBuilds({ store }: Gateway): Promise<readonly string[]> {
  const where = { status: { in: [...unfinished] } };
  const rows = await store.build.findMany({ where, distinct: ["spaceName"], select: { spaceName: true } });
  return rows.map(({ spaceName }) => spaceName);
}

/** The spaces whose builds other processes are making. */
async function spacesBuiltElsewhere({ store, replicaId }: Gateway): Promise<readonly string[]> {
  const rows = await store.build.findMany({
    where: { status: "BUILDING", leaseOwner: { not: replicaId } },
    select: { spaceName: true },
  });
  return rows.map(({ spaceName }) => spaceName);
}
