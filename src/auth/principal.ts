import type { Grant } from "./rules.ts";

/** Who is calling, resolved from a token that was good a moment ago. */
export type Principal = AccountPrincipal | WorkerPrincipal;

/** The token a caller came with. */
interface TokenBearer {
  readonly tokenId: string;
  readonly expiresAt: Date;
}

/** Someone who logged in. */
export interface AccountPrincipal extends TokenBearer {
  readonly kind: "account";
  readonly id: string;
  readonly user: string;
  readonly grants: readonly Grant[];
  /** The names of all roles bound to the account, wherever; each once. */
  readonly roles: readonly string[];
  /** The spaces in which the account has a binding, whatever that grants. */
  readonly spaces: readonly string[];
}

/** An outside program that answers for one agent and may do nothing else. */
export interface WorkerPrincipal extends TokenBearer {
  readonly kind: "worker";
  readonly agentId: string;
  readonly agentName: string;
  /** `agent:NAME`, which no account can be called. */
  readonly user: string;
  /**
   * The account that made the token; the token is refused when that account's own would be, and while that account may
   * not change the agent.
   */
  readonly accountId: string;
}
