import type { Run } from "../../src/reconcile/queue.ts";

/** For a reconciler that a test runs by itself, without a queue. */
export const runByHand: Run = { again: () => undefined, aside: (work) => work() };
