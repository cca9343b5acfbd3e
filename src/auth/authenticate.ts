import { badInput, GatewayError } from "../errors.ts";
import type { Access, AccessCache, WorkerAgent } from "./access.ts";
import { isAllowed, type Target } from "./policy.ts";
import type { AccountPrincipal, Principal } from "./principal.ts";
import { type Claims, type IssuedToken, tokenLifeSeconds, type Tokens } from "./tokens.ts";
import { longestTimerMs } from "../timers.ts";

/** Turns tokens into callers. Each argument may be a bare token or an `Authorization` header. */
export interface Authenticator {
  /** The caller when token and access are both remembered: at once, without the database. */
  recall(authorization: string): Principal | undefined;
  /**
   * The caller, as the store says now. The same object is returned while nothing about the caller changes.
   *
   * @throws {GatewayError} UNAUTHENTICATED, in the same words for every reason.
   */
  authenticate(authorization: string | null | undefined): Promise<Principal>;
  /**
   * The same caller as of now, with changed roles.
   *
   * @throws {GatewayError} UNAUTHENTICATED when the token has expired or was revoked since.
   */
  refresh(principal: Principal): Promise<Principal>;
  /**
   * Calls back whenever the caller's account, roles or bindings (or a worker's agent) may have changed,
   * and when the token expires; `refresh` then says what holds. The listener must return at once.
   */
  onAccessChange(principal: Principal, listener: () => void): () => void;
  /**
   * A token for an outside program that answers for one agent. It ends with the maker's own tokens:
   * when the account is deactivated or deleted or gets another password. It is refused for as long as the maker may
   * not change the agent, which making it needs.
   *
   * @throws {GatewayError} BAD_USER_INPUT unless it is to last 1 second to 30 days.
   */
  issueWorkerToken(maker: AccountPrincipal, agentId: string, ttlSeconds?: number): Promise<IssuedToken>;
}

/** The one answer to everybody whose token is not good. */
export const unauthenticated = () =>
  new GatewayError("UNAUTHENTICATED", "Sign in first: the token is missing, wrong, expired or revoked");

const refuse = (): never => {
  throw unauthenticated();
};

/** Makes the authenticator over tokens and remembered access. */
export function createAuthenticator(tokens: Tokens, access: AccessCache, now: () => Date): Authenticator {
  const made = new WeakMap<Claims, Made>();
  const claimsOf = new WeakMap<Principal, Claims>();

  const principalFrom = (claims: Claims, account: Access, agent: WorkerAgent | null): Principal | undefined => {
    if (account.epoch !== claims.epoch || account.user !== claims.user) return undefined;
    const before = made.get(claims);
    if (before && before.account === account && before.agent === agent) return before.principal;
    const maker = accountPrincipal(claims, account);
    if (agent && !isAllowed(maker, "update", "agents", targetOf(agent))) return undefined;
    const principal = agent ? workerPrincipal(claims, agent) : maker;
    made.set(claims, { account, agent, principal });
    claimsOf.set(principal, claims);
    return principal;
  };

  const resolve = async (claims: Claims | null | undefined): Promise<Principal> => {
    if (!claims || now() >= claims.expiresAt) throw unauthenticated();
    const account = await access.loadAccount(claims.accountId, claims.user);
    const agent = claims.agentId === null ? null : await access.loadAgent(claims.agentId);
    const present = account !== null && (claims.agentId === null || agent !== null);
    const principal = present ? principalFrom(claims, account, agent) : undefined;
    if (!principal) throw unauthenticated();
    return principal;
  };

  const recall = (token: string): Principal | undefined => {
    const claims = tokens.recall(token);
    const account = claims && access.recallAccount(claims.accountId);
    if (!account) return undefined;
    if (claims.agentId === null) return principalFrom(claims, account, null);
    const agent = access.recallAgent(claims.agentId);
    return agent && principalFrom(claims, account, agent);
  };

  return {
    recall: (authorization) => recall(tokenIn(authorization)),
    async authenticate(authorization) {
      const token = tokenIn(authorization ?? "");
      return recall(token) ?? resolve(tokens.recall(token) ?? (await tokens.verify(token)));
    },
    refresh: (principal) => resolve(claimsOf.get(principal)),
    async issueWorkerToken(maker, agentId, ttlSeconds = tokenLifeSeconds.usual) {
      if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > tokenLifeSeconds.most) {
        throw badInput("ttlSeconds", `A token lasts 1 to ${tokenLifeSeconds.most} seconds`);
      }
      const { accountId, user, epoch } = claimsOf.get(maker) ?? refuse();
      return tokens.issue({ accountId, user, epoch, agentId, ttlSeconds });
    },
    onAccessChange(principal, listener) {
      const [accountId, agent] =
        principal.kind === "account"
          ? [principal.id, null]
          : [principal.accountId, { id: principal.agentId, name: principal.agentName }];
      const stopWatching = access.onChange(accountId, agent, listener);
      const stopTimer = callAt(principal.expiresAt, now, listener);
      return () => {
        stopWatching();
        stopTimer();
      };
    },
  };
}

interface Made {
  readonly account: Access;
  readonly agent: WorkerAgent | null;
  readonly principal: Principal;
}

const scheme = "bearer ";

/** Letters of any case, spaces of any number (RFC 9110, 11.4); by hand, for a pattern took a thirtieth of a short read. */
function tokenIn(authorization: string): string {
  if (authorization.slice(0, scheme.length).toLowerCase() !== scheme) return authorization;
  let start = scheme.length;
  while (authorization[start] === " ") start++;
  return authorization.slice(start);
}

const accountPrincipal = ({ accountId, tokenId, expiresAt }: Claims, account: Access): Principal => {
  const { user, grants, roles, spaces } = account;
  return { kind: "account", id: accountId, user, grants, roles, spaces, tokenId, expiresAt };
};

const targetOf = ({ id, name, spaceName, createdById }: WorkerAgent): Target => ({
  space: spaceName,
  ownerId: createdById,
  agentId: id,
  name,
});

const workerPrincipal = ({ accountId, tokenId, expiresAt }: Claims, { id, name }: WorkerAgent): Principal => ({
  kind: "worker",
  agentId: id,
  agentName: name,
  user: `agent:${name}`,
  accountId,
  tokenId,
  expiresAt,
});

/** A timer that keeps no process alive, waits also beyond the 24 days a single one can, and never rings early. */
function callAt(date: Date, now: () => Date, listener: () => void): () => void {
  const leftMs = () => Math.max(0, date.getTime() - now().getTime());
  const wait = () => setTimeout(ring, Math.min(leftMs(), longestTimerMs)).unref();
  const ring = () => {
    if (leftMs() === 0) listener();
    else timer = wait();
  };
  let timer = wait();
  return () => clearTimeout(timer);
}
