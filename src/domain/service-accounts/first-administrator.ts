import { randomBytes } from "node:crypto";
import type { Auth } from "../../auth/auth.ts";
import type { Config } from "../../config.ts";
import { asPayload } from "../../events/append.ts";
import { commit, type Committer, type Unit } from "../../events/commit.ts";
import { administratorRole, type BuiltInRole, builtInRoles } from "../roles/builtin.ts";
import { lockAdministrators } from "./administrators.ts";
import { replaceHash } from "./password.ts";
import { serviceAccountEvent } from "./service-account.ts";

/** The account a new deployment starts with, at a start that gave it its password. */
export interface FirstAdministrator {
  readonly user: string;
  /** To be shown to the operator once; `null` when the password is one that they know. */
  readonly generatedPassword: string | null;
  /** True when the account was there already, with the default password. */
  readonly replacedDefault: boolean;
}

const user = "admin";
const defaultPassword = "admin";

/**
 * Gives a new deployment its `default` space, the built-in roles and the account `admin`, all in one transaction. Where
 * there is any account already, only a default password is replaced that a first start with these settings would not
 * give; `null` when there was nothing to do. Replicas may call it at the same time: one of them does it.
 */
export async function ensureFirstAdministrator(
  gateway: Committer,
  auth: Pick<Auth, "passwords">,
): Promise<FirstAdministrator | null> {
  if ((await gateway.store.serviceAccount.count()) > 0) return replaceDefaultPassword(gateway, auth);
  const { password, generated } = firstPassword(gateway.config);
  const passwordHash = await auth.passwords.hash(password);
  const made = await commit(gateway, async (unit) => {
    await lockAdministrators(unit.tx);
    if ((await unit.tx.serviceAccount.count()) > 0) return false;
    await createDefaultSpace(unit);
    for (const role of builtInRoles) await createRole(unit, role);
    await createAdministrator(unit, passwordHash);
    return true;
  });
  if (!made) return replaceDefaultPassword(gateway, auth); // another replica's settings may be less strict
  return { user, generatedPassword: generated ? password : null, replacedDefault: false };
}

/** Whoever knew the default password is sent away with it: tokens that were issued for it end. */
async function replaceDefaultPassword(
  gateway: Committer,
  auth: Pick<Auth, "passwords">,
): Promise<FirstAdministrator | null> {
  const { password, generated } = firstPassword(gateway.config);
  if (password === defaultPassword) return null;
  const account = await gateway.store.serviceAccount.findUnique({ where: { user } });
  if (!account?.active || !(await auth.passwords.verify(account.passwordHash, defaultPassword))) return null;
  const replaced = await replaceHash(gateway, account, await auth.passwords.hash(password));
  // Another replica was first; or somebody logged in, and what is kept is a newer hash of the same password.
  if (!replaced) return replaceDefaultPassword(gateway, auth);
  return { user, generatedPassword: generated ? password : null, replacedDefault: true };
}

function firstPassword({ adminPassword, onLoopback, production }: Config) {
  if (adminPassword !== null) return { password: adminPassword, generated: false };
  if (onLoopback && !production) return { password: defaultPassword, generated: false };
  return { password: randomBytes(18).toString("base64url"), generated: true };
}

async function createDefaultSpace({ tx, emit, at }: Unit): Promise<void> {
  const name = "default";
  if (await tx.space.findUnique({ where: { name } })) return;
  const space = await tx.space.create({ data: { name, description: "Default space", createdAt: at, updatedAt: at } });
  await emit({ stream: `space:${name}`, type: "space.created", space: name, payload: asPayload(space) });
}

async function createRole({ tx, emit, at }: Unit, { name, description, rules }: BuiltInRole): Promise<void> {
  if (await tx.role.findUnique({ where: { name } })) return;
  const role = await tx.role.create({ data: { name, description, rules: [...rules], createdAt: at, updatedAt: at } });
  await emit({ stream: `role:${name}`, type: "role.created", payload: asPayload(role) });
}

async function createAdministrator({ tx, emit, at, gateway }: Unit, passwordHash: string): Promise<void> {
  const times = { createdAt: at, updatedAt: at };
  const description = "The first administrator";
  const account = await tx.serviceAccount.create({
    data: { id: gateway.newId(), user, description, passwordHash, ...times },
  });
  await emit(serviceAccountEvent("service-account.created", account));
  const binding = { subject: user, roleName: administratorRole, space: null };
  const id = "admin-binding";
  const bound = await tx.roleBinding.upsert({ where: { id }, create: { id, ...binding, ...times }, update: binding });
  await emit({ stream: `role-binding:${id}`, type: "role-binding.created", payload: asPayload(bound) });
}
