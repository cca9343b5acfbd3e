import pLimit from "p-limit";
import type { Config } from "../../config.ts";
import type { Run } from "../../reconcile/queue.ts";

/** How many copies may be under way for each computer that may start: most of a copy is waiting for the disk. */
const copiesPerStart = 4;

type Work<T> = () => Promise<T>;

/** The parts of a start that may take minutes or hours. Other changes of computers go on beside them. */
export interface LongParts {
  /** Those who want the same image share the getting of it. */
  getImage<T>(work: Work<T>): Promise<T>;
  /** Copies wait for one another where they are many. */
  copyFiles<T>(work: Work<T>): Promise<T>;
}

/** The long parts that this process is busy with. */
export interface LongPartsUnderWay {
  /** The computers that wait for one, and so for no start yet. */
  readonly ids: ReadonlySet<string>;
  /** How a run does those of its computer. */
  of(id: string, run: Pick<Run, "aside">): LongParts;
}

/** Begins without any. */
export function createLongParts({ maxStarts }: Pick<Config, "maxStarts">): LongPartsUnderWay {
  const ids = new Set<string>();
  const copies = pLimit(maxStarts * copiesPerStart);
  return {
    ids,
    of(id, { aside }) {
      const beside = <T>(work: Work<T>) =>
        aside(() => {
          ids.add(id);
          return work().finally(() => ids.delete(id));
        });
      return { getImage: beside, copyFiles: (work) => beside(() => copies(work)) };
    },
  };
}
