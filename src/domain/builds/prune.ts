import type { Gateway } from "../../gateway.ts";
import { newestFirst, unfinished } from "./build.ts";

/** So many ended builds of a space stay: the latest are what somebody may still ask about. */
export const mostEnded = 100;
/** So many go at once. */
const batchSize = 500;

type UsedOf = (ids: readonly string[]) => Promise<ReadonlySet<string>>;

/**
 * Forgets the oldest of a space's ended builds where there are more than {@link mostEnded}, but for those that are used.
 * What they said in the log is forgotten with the other events.
 */
export async function pruneBuilds({ store }: Pick<Gateway, "store">, usedOf: UsedOf): Promise<void> {
  const crowded = await store.build.groupBy({
    by: ["spaceName"],
    where: ended,
    having: { id: { _count: { gt: mostEnded } } },
  });
  for (const { spaceName } of crowded) {
    const old = await store.build.findMany({
      where: { spaceName, ...ended },
      orderBy: newestFirst,
      skip: mostEnded,
      take: batchSize,
      select: { id: true },
    });
    const used = await usedOf(old.map(({ id }) => id));
    await store.build.deleteMany({
      where: { id: { in: old.flatMap(({ id }) => (used.has(id) ? [] : id)) }, ...ended },
    });
  }
}

const ended = { status: { notIn: [...unfinished] } };
