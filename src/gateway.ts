import type { Logger } from "pino";
import type { Config } from "./config.ts";
import type { Reaction } from "./events/commit.ts";
import type { Tail } from "./events/tail.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { Sealer } from "./store/sealer.ts";
import type { Store } from "./store/store.ts";

/** What every service works with. One per process; `actor` differs per request. */
export interface Gateway {
  readonly config: Config;
  readonly store: Store;
  /** Announces what was committed, to readers in this process and in the other replicas. */
  readonly tail: Tail;
  /** What rooms do when events of other rooms happen; see `commit`. */
  readonly reactions: readonly Reaction[];
  readonly runtime: Runtime;
  readonly sealer: Sealer;
  readonly log: Logger;
  /** Names this process among the owners of leases. */
  readonly replicaId: string;
  /** The deployment's id, which labels everything it owns in the container engine. */
  readonly deployment: string;
  /** Who is acting: a user name, or `null` for the gateway itself. */
  readonly actor: string | null;
  now(): Date;
  /** A new time-ordered UUID. */
  newId(): string;
}
