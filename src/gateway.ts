import type { Logger } from "pino";
import type { Committer } from "./events/commit.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** What every service works with. One per process; `actor` differs per request. */
export interface Gateway extends Committer {
  readonly runtime: Runtime;
  readonly log: Logger;
  /** Names this process among the owners of leases. */
  readonly replicaId: string;
  /** The deployment's id, which labels everything it owns in the container engine. */
  readonly deployment: string;
}
