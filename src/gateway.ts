import type { Logger } from "pino";
import type { Committer } from "./events/commit.ts";
import type { Memory } from "./events/remember.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** What every service works with. One per process; `actor` differs per request. */
export interface Gateway extends Committer {
  readonly runtime: Runtime;
  /** What was read lately and has not changed since. */
  readonly memory: Memory;
  readonly log: Logger;
  /** Names this process among the owners of leases. */
  readonly replicaId: string;
  /** The deployment's id, which labels everything it owns in the container engine. */
  readonly deployment: string;
}
