import { onTestFinished } from "vitest";
import { type Auth, createAuth } from "../../src/auth/auth.ts";
import { readConfig } from "../../src/config.ts";
import type { Committer } from "../../src/events/commit.ts";
import { createMemoryTail } from "../../src/events/memory-tail.ts";
import { ensureFirstAdministrator } from "../../src/domain/service-accounts/first-administrator.ts";
import { login } from "../../src/domain/service-accounts/login.ts";
import type { Sealer } from "../../src/store/sealer.ts";
import { openTestStore } from "../support/store.ts";

/** A gateway's part that deals with accounts, over a store of its own and a clock that the test moves. */
export interface AccountsGateway {
  readonly gateway: Committer;
  readonly auth: Auth;
  readonly clock: { now: Date };
}

export const jwtSecret = "a secret of at least thirty-two characters";

const noSealer: Sealer = {
  keyId: "none",
  knows: () => false,
  seal: () => {
    throw new Error("accounts have no secrets");
  },
  open: () => {
    throw new Error("accounts have no secrets");
  },
};

/** Opens an empty one, without any account. */
export async function openAccounts(environment: Record<string, string> = {}): Promise<AccountsGateway> {
  const opened = await openTestStore();
  const clock = { now: new Date("2025-01-01T12:00:00Z") };
  const gateway: Committer = {
    store: opened.store,
    config: readConfig({ DATABASE_URL: opened.databaseUrl, ...environment }),
    tail: createMemoryTail(),
    reactions: [],
    sealer: noSealer,
    actor: null,
    now: () => clock.now,
    newId: () => crypto.randomUUID(),
  };
  const auth = createAuth(gateway, jwtSecret);
  onTestFinished(async () => {
    auth.close();
    await opened.close();
  });
  return { gateway, auth, clock };
}

/** One that has its first administrator, `admin` with the password `admin`. */
export async function openWithAdministrator(environment?: Record<string, string>): Promise<AccountsGateway> {
  const opened = await openAccounts(environment);
  await ensureFirstAdministrator(opened.gateway, opened.auth);
  return opened;
}

/** Logs in and says who that is. */
export async function principalOf({ gateway, auth }: AccountsGateway, user: string, password: string) {
  const { token } = await login(gateway, auth, { user, password, address: null });
  return { token, principal: await auth.authenticate(token) };
}

/** Binds a role to a user by hand. */
export async function bind(gateway: Committer, subject: string, roleName: string, space: string | null) {
  const times = { createdAt: gateway.now(), updatedAt: gateway.now() };
  await gateway.store.roleBinding.create({ data: { id: gateway.newId(), subject, roleName, space, ...times } });
}

/** The types of all events so far, in order. */
export async function eventTypes({ store }: Committer): Promise<string[]> {
  const events = await store.event.findMany({ orderBy: { id: "asc" } });
  return events.map(({ type }) => type);
}
