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
  const contextFor = (principal: Principal | null) =>
    new CallContext(new CallGateway(gateway, call, principal), auth, call, principal);
  if (authorization === null) return contextFor(null);
  const known = auth.recall(authorization);
  return known ? contextFor(known) : principalOf(auth, authorization).then(contextFor);
}

/** The context of the same call as somebody else may see it, and for as long as the signal says; it closes nothing. */
export const shownTo = ({ gateway, auth, address }: Context, principal: Principal, signal: AbortSignal): Context =>
  new CallContext(gateway, auth, { authorization: null, address, signal }, principal);

/**
 * What few calls ask for is made when they do. Classes, for V8 keeps what an object's own accessor has seen, which
 * here is the whole request, until it next collects everything.
 */
class CallContext implements Context {
  readonly gateway: Gateway;
  readonly auth: Auth;
  readonly principal: Principal | null;
  readonly address: string | null;
  readonly close?: (code: number, reason: string) => void;
  readonly #call: Call;
  #loaders: Map<string, unknown> | undefined;

  constructor(gateway: Gateway, auth: Auth, call: Call, principal: Principal | null) {
    this.gateway = gateway;
    this.auth = auth;
    this.principal = principal;
    this.address = call.address;
    this.#call = call;
    if (call.close) this.close = call.close;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  loader<K, V>(name: string, load: (keys: readonly K[]) => Promise<readonly V[]>): DataLoader<K, V> {
    this.#loaders ??= new Map();
    const known = this.#loaders.get(name) ?? new DataLoader<K, V>(load, { cache: false });
    this.#loaders.set(name, known);
    return known as DataLoader<K, V>; // a name always goes with one pair of types
  }
}

/** The gateway as it works for one caller; what it logs names the call. */
class CallGateway implements Gateway {
  readonly config: Gateway["config"];
  readonly store: Gateway["store"];
  readonly tail: Gateway["tail"];
  readonly memory: Gateway["memory"];
  readonly reactions: Gateway["reactions"];
  readonly sealer: Gateway["sealer"];
  readonly runtime: Gateway["runtime"];
  readonly replicaId: string;
  readonly deployment: string;
  readonly now: Gateway["now"];
  readonly newId: Gateway["newId"];
  readonly actor: string | null;
  readonly #base: Gateway;
  readonly #call: Call;
  #log: Logger | undefined;

  constructor(base: Gateway, call: Call, principal: Principal | null) {
    this.config = base.config;
    this.store = base.store;
    this.tail = base.tail;
    this.memory = base.memory;
    this.reactions = base.reactions;
    this.sealer = base.sealer;
    this.runtime = base.runtime;
    this.replicaId = base.replicaId;
    this.deployment = base.deployment;
    this.now = base.now;
    this.newId = base.newId;
    this.actor = principal?.user ?? base.actor;
    this.#base = base;
    this.#call = call;
  }

  get log(): Logger {
    return (this.#log ??= this.#base.log.child({ requestId: this.#call.requestId ?? this.newId() }));
  }
}

async function principalOf(auth: Auth, authorization: string): Promise<Principal | null> {
  try {
    return await auth.authenticate(authorization);
  } catch (error) {
    if (error instanceof GatewayError && error.code === "UNAUTHENTICATED") return null;
    throw error;
  }
}
