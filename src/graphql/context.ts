import DataLoader from "dataloader";
import type { Logger } from "pino";
import type { Auth } from "../auth/auth.ts";
import type { Principal } from "../auth/principal.ts";
import { GatewayError } from "../errors.ts";
import type { Gateway } from "../gateway.ts";

/** What resolvers of one request work with. */
export interface Context {
  readonly gateway: Gateway;
  readonly auth: Auth;
  /** Who is calling; `null` without a good token. */
  readonly principal: Principal | null;
  /** Where the call comes from, for rate limits. */
  readonly address: string | null;
  /** Aborts when the caller has gone, or must be let go. */
  readonly signal: AbortSignal;
  /**
   * The loader of that name for this call, made at its first use: reads of one tick become one query.
   * It remembers nothing, for a subscription is one call that lasts.
   */
  loader<K, V>(name: string, load: (keys: readonly K[]) => Promise<readonly V[]>): DataLoader<K, V>;
  /** Closes the caller's WebSocket; absent on other transports. */
  readonly close?: (code: number, reason: string) => void;
}

/** What a transport knows of a call. */
export interface Call {
  /** Names the call in every line of the log that is written for it; a new one is made where it is absent. */
  readonly requestId?: string;
  readonly authorization: string | null;
  readonly address: string | null;
  readonly signal: AbortSignal;
  readonly close?: (code: number, reason: string) => void;
}

/**
 * Makes the context of one call; at once when the caller is remembered. A bad token makes the caller nobody: what is
 * public stays open to them.
 */
export function createContext(gateway: Gateway, auth: Auth, call: Call): Context | Promise<Context> {
  const { authorization } = call;
  if (authorization === null) return contextOf(gateway, auth, call, null);
  const known = auth.recall(authorization);
  if (known) return contextOf(gateway, auth, call, known);
  return principalOf(auth, authorization).then((principal) => contextOf(gateway, auth, call, principal));
}

/** What few calls ask for is made when they do. */
function contextOf(gateway: Gateway, auth: Auth, call: Call, principal: Principal | null): Context {
  let loaders: Map<string, unknown> | undefined;
  return {
    gateway: gatewayFor(gateway, call, principal),
    auth,
    principal,
    address: call.address,
    get signal() {
      return call.signal;
    },
    ...(call.close ? { close: call.close } : {}),
    loader<K, V>(name: string, load: (keys: readonly K[]) => Promise<readonly V[]>) {
      loaders ??= new Map();
      const known = loaders.get(name) ?? new DataLoader<K, V>(load, { cache: false });
      loaders.set(name, known);
      return known as DataLoader<K, V>; // a name always goes with one pair of types
    },
  };
}

/** The gateway as it works for one caller; what it logs names the call. */
function gatewayFor(gateway: Gateway, { requestId }: Call, principal: Principal | null): Gateway {
  let log: Logger | undefined;
  return {
    ...gateway,
    actor: principal?.user ?? gateway.actor,
    get log() {
      return (log ??= gateway.log.child({ requestId: requestId ?? gateway.newId() }));
    },
  };
}

async function principalOf(auth: Auth, authorization: string): Promise<Principal | null> {
  try {
    return await auth.authenticate(authorization);
  } catch (error) {
    if (error instanceof GatewayError && error.code === "UNAUTHENTICATED") return null;
    throw error;
  }
}
