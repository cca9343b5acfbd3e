import { endsWithin } from "../../timers.ts";

/** Lets claims go before the work on what was claimed. */
export interface ClaimsFirst {
  /** Does what may end in a claim. */
  claim<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves as soon as nothing is being claimed, and after 100 ms all the same. */
  over(): Promise<void>;
}

/** Where claims never end, work must not wait for ever. */
const patienceMs = 100;

/**
 * Of many that are asked at the same moment all are claimed, and all who watch are told, before the first is worked on:
 * commands that begin take the processor from the claims of the others.
 */
export function createClaimsFirst(): ClaimsFirst {
  let end = Promise.withResolvers<void>();
  let underWay = 0;
  return {
    async claim(work) {
      underWay++;
      try {
        return await work();
      } finally {
        if (--underWay === 0) {
          end.resolve();
          end = Promise.withResolvers();
        }
      }
    },
    async over() {
      if (underWay > 0) await endsWithin(end.promise, patienceMs);
    },
  };
}
