import type { Config } from "../config.ts";
import type { Sealer } from "../store/sealer.ts";
import type { Sql } from "../store/sql.ts";
import type { Store, Transaction } from "../store/store.ts";
import { isGivenUp } from "../store/violations.ts";
import { append } from "./append.ts";
import type { NewEvent } from "./event.ts";
import type { Tail } from "./tail.ts";

/** Adds an event to the transaction at hand and lets the reactions to it do their part in the same transaction. */
export type Emit = (event: NewEvent) => Promise<void>;

/**
 * What one room does, inside the same transaction, when another room's event happens: so that a room
 * need not know who depends on it, and both changes are made or neither is.
 */
export interface Reaction {
  /** The types of events it reacts to. */
  readonly to: readonly string[];
  react(unit: Unit, event: NewEvent): Promise<void>;
}

/** One change in the making. */
export interface Unit {
  readonly tx: Transaction;
  /** For the few statements that run with almost every change. */
  readonly sql: Sql;
  readonly emit: Emit;
  /** The gateway's time at the start of the change: every row and event of it bears the same. */
  readonly at: Date;
  readonly gateway: Committer;
}

/** What a change needs of the gateway, which is all that every room may count on. */
export interface Committer {
  readonly config: Config;
  readonly store: Store;
  /** Announces what was committed, to readers in this process and in the other gateways on its database. */
  readonly tail: Tail;
  /** What rooms do when events of other rooms happen. */
  readonly reactions: readonly Reaction[];
  readonly sealer: Sealer;
  /** Who is acting: a user name, or `null` for the gateway itself. */
  readonly actor: string | null;
  readonly now: () => Date;
  /** A new time-ordered UUID. */
  readonly newId: () => string;
}

/** Whoever is given up again and again stands in a crowd that more attempts would only make larger. */
const mostAttempts = 5;

/**
 * Makes one change: the rows that `work` writes and the events that it emits are one transaction,
 * announced after COMMIT. Nothing is written and nothing announced when `work` throws.
 *
 * `work` is run again from the start when the database gave the transaction up so that another one could go on
 * (a deadlock): so all that it does must be inside the transaction.
 */
export async function commit<T>(gateway: Committer, work: (unit: Unit) => Promise<T>): Promise<T> {
  const { result, events } = await untilKept(() => attempt(gateway, work));
  gateway.tail.publish(events);
  return result;
}

async function untilKept<T>(transact: () => Promise<T>): Promise<T> {
  for (let left = mostAttempts - 1; ; left--) {
    try {
      return await transact();
    } catch (error) {
      if (left === 0 || !isGivenUp(error)) throw error;
    }
  }
}

function attempt<T>(gateway: Committer, work: (unit: Unit) => Promise<T>) {
  const at = gateway.now();
  return gateway.store.transact(async (tx, sql) => {
    const emitted: NewEvent[] = [];
    const emit = async (event: NewEvent) => {
      emitted.push(event);
      for (const reaction of gateway.reactions) {
        if (reaction.to.includes(event.type)) await reaction.react(unit, event);
      }
    };
    const unit: Unit = { tx, sql, emit, at, gateway };
    const done = await work(unit);
    return { result: done, events: await append(sql, emitted, { actor: gateway.actor, at }) };
  });
}
