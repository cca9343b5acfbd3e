import { LRUCache } from "lru-cache";
import type { Kind } from "../events/remembered.ts";
import type { Gateway } from "../gateway.ts";
import type { AccountPrincipal } from "./principal.ts";
import { grantsOf, rulesSchema } from "./rules.ts";

/** What an active account may do now. */
export interface Access extends Pick<AccountPrincipal, "user" | "grants" | "roles" | "spaces"> {
  readonly epoch: number;
}

/** The agent of a worker, which must still be there, as the policy sees it. */
export interface WorkerAgent {
  readonly id: string;
  readonly name: string;
  readonly spaceName: string;
  readonly createdById: string | null;
}

/** Accounts' roles and workers' agents, remembered until an event says that they changed. */
export interface AccessCache {
  /** At once and without the database, when it is remembered. */
  recallAccount(id: string): Access | undefined;
  /** `null` for an account that is gone, inactive, or not called `user`. */
  loadAccount(id: string, user: string): Promise<Access | null>;
  recallAgent(id: string): WorkerAgent | undefined;
  loadAgent(id: string): Promise<WorkerAgent | null>;
  /** Calls back after a change that may concern the account (or the agent, when one is given). */
  onChange(accountId: string, agent: WatchedAgent | null, listener: () => void): () => void;
  close(): void;
}

const remembered = 10_000;
const sharedStoreLifeMs = 1000;

/**
 * Remembers access for as long as nothing changes it. Where gateways share the store an announcement may
 * come late, so there nothing is remembered for longer than a second.
 */
export function createAccessCache({ store, tail, config }: Pick<Gateway, "store" | "tail" | "config">): AccessCache {
  const ttl = config.databaseUrl.startsWith("file:") ? 0 : sharedStoreLifeMs;
  const accounts = createLoadingCache<Access>(ttl);
  const agents = createLoadingCache<WorkerAgent>(ttl);
  const agentIdsByName = new LRUCache<string, string>({ max: remembered });
  const watchers = new Set<Watcher>();

  const forgetAgent = (key: string) => {
    agents.forget(key);
    agents.forget(agentIdsByName.get(key) ?? key);
    notify(watchers, ({ agent }) => agent?.id === key || agent?.name === key);
  };
  const forgetAccount = (id: string) => {
    accounts.forget(id);
    notify(watchers, ({ accountId }) => accountId === id);
  };
  const forgetAllAccounts = () => {
    accounts.clear();
    notify(watchers, () => true);
  };

  const stop = tail.subscribe("*", {
    event({ stream, type }) {
      const [kind, key] = split(stream);
      if (type === "service-account.logged-in") return; // it changes nothing of what anybody may do
      if (kind === "agent") forgetAgent(key);
      else if (kind === "service-account") forgetAccount(key);
      else if (kind === "role" || kind === "role-binding") forgetAllAccounts();
    },
  });

  return {
    recallAccount: (id) => accounts.recall(id),
    loadAccount: (id, user) => accounts.load(id, () => readAccess(store, id, user)),
    recallAgent: (id) => agents.recall(id),
    loadAgent: (id) =>
      agents.load(id, async () => {
        const select = { id: true, name: true, spaceName: true, createdById: true };
        const agent = await store.agent.findUnique({ where: { id }, select });
        if (agent) agentIdsByName.set(agent.name, agent.id);
        return agent;
      }),
    onChange(accountId, agent, listener) {
      const watcher = { accountId, agent, listener };
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    close() {
      stop();
      watchers.clear();
    },
  };
}

type WatchedAgent = Pick<WorkerAgent, "id" | "name">;

interface Watcher {
  readonly accountId: string;
  readonly agent: WatchedAgent | null;
  readonly listener: () => void;
}

function notify(watchers: ReadonlySet<Watcher>, concerns: (watcher: Watcher) => boolean): void {
  for (const { listener } of [...watchers].filter(concerns)) listener();
}

function split(stream: string): [kind: string, key: string] {
  const colon = stream.indexOf(":");
  return [stream.slice(0, colon), stream.slice(colon + 1)];
}

const remembering: Kind<Access> = {
  name: "access",
  topics: (_access, id) => [`service-account:${id}`, "role:*", "role-binding:*"],
};

/** What an account may do now, whoever is calling; `null` for one that is gone, inactive, or not called `user`. */
export async function accessOf({ store, memory }: Pick<Gateway, "store" | "memory">, id: string, user: string) {
  const [access = null] = await memory.load(remembering, [id], async () => [await readAccess(store, id, user)]);
  return access;
}

async function readAccess(store: Gateway["store"], id: string, user: string): Promise<Access | null> {
  const [account, bindings] = await Promise.all([
    store.serviceAccount.findUnique({ where: { id }, select: { user: true, active: true, tokenEpoch: true } }),
    store.roleBinding.findMany({ where: { subject: user }, include: { role: { select: { rules: true } } } }),
  ]);
  if (!account?.active || account.user !== user) return null;
  return {
    user,
    epoch: account.tokenEpoch,
    grants: bindings.flatMap(({ role, space }) => grantsOf(rulesSchema.parse(role.rules), space)),
    roles: [...new Set(bindings.map(({ roleName }) => roleName))],
    spaces: [...new Set(bindings.flatMap(({ space }) => space ?? []))],
  };
}

interface LoadingCache<T> {
  recall(key: string): T | undefined;
  load(key: string, read: () => Promise<T | null>): Promise<T | null>;
  forget(key: string): void;
  clear(): void;
}

/** Reads each key once at a time; what was forgotten while being read is not remembered. */
function createLoadingCache<T extends object>(ttl: number): LoadingCache<T> {
  const known = new LRUCache<string, T>({ max: remembered, ttl });
  const reading = new Map<string, Promise<T | null>>();

  const start = (key: string, read: () => Promise<T | null>) => {
    const promise = read();
    reading.set(key, promise);
    const settle = (value: T | null) => {
      if (reading.get(key) !== promise) return;
      reading.delete(key);
      if (value) known.set(key, value);
    };
    promise.then(settle, () => settle(null));
    return promise;
  };

  return {
    recall: (key) => known.get(key),
    load: async (key, read) => known.get(key) ?? reading.get(key) ?? start(key, read),
    forget(key) {
      known.delete(key);
      reading.delete(key);
    },
    clear() {
      known.clear();
      reading.clear();
    },
  };
}
