import type { Gateway } from "../gateway.ts";
import type { Transaction } from "../store/store.ts";
import { append } from "./append.ts";
import type { NewEvent } from "./event.ts";

/** Adds an event to the transaction at hand. */
export type Emit = (event: NewEvent) => void;

/** What a change needs of the gateway. */
export type Committer = Pick<Gateway, "store" | "tail" | "actor" | "now">;

const timeLimitMs = 15_000;

/**
 * Makes one change: the rows that `work` writes and the events that it emits are one transaction,
 * announced after COMMIT. Nothing is written and nothing announced when `work` throws.
 */
export async function commit<T>(
  gateway: Committer,
  work: (tx: Transaction, emit: Emit) => Promise<T>,
): Promise<T> {
  const { result, events } = await gateway.store.$transaction(
    async (tx) => {
      const emitted: NewEvent[] = [];
      const result = await work(tx, (event) => emitted.push(event));
      return { result, events: await append(tx, emitted, { actor: gateway.actor, at: gateway.now() }) };
    },
    { maxWait: timeLimitMs, timeout: timeLimitMs },
  );
  gateway.tail.publish(events);
  return result;
}
