import type { Auth } from "../../auth/auth.ts";
import { conflict, notFound } from "../../errors.ts";
import { asPayload } from "../../events/append.ts";
import { commit, type Committer, type Unit } from "../../events/commit.ts";
import type { ServiceAccount } from "../../store/generated/client/client.ts";
import type { Transaction } from "../../store/store.ts";
import { isUniqueViolation } from "../../store/violations.ts";
import { checkDescription, checkText } from "../../text.ts";
import { lockAdministrators, requireAdministrator } from "./administrators.ts";
import { byIdOrUser, checkUser, serviceAccountEvent } from "./service-account.ts";

/** A new account. Its space says what it was made for and grants nothing. */
export interface NewServiceAccount {
  readonly user: string;
  readonly password: string;
  readonly space?: string | null;
  readonly description?: string | null;
  readonly active?: boolean;
}

/** What of an account can be changed; absent stays as it is, `null` clears what can be empty. */
export interface ServiceAccountChange {
  readonly space?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly active?: boolean | null | undefined;
}

/**
 * Finds an account by its id or its user name.
 *
 * @throws {GatewayError} NOT_FOUND when there is none.
 */
export async function findServiceAccount(store: Transaction, idOrUser: string): Promise<ServiceAccount> {
  const account = await store.serviceAccount.findUnique({ where: byIdOrUser(idOrUser) });
  if (!account) throw notFound("Service account", idOrUser);
  return account;
}

/**
 * Makes an account that can log in and may do nothing until a role is bound to it.
 *
 * @throws {GatewayError} BAD_USER_INPUT for a name or password that is not allowed, CONFLICT when the name is taken.
 */
export async function createServiceAccount(
  gateway: Committer,
  auth: Auth,
  input: NewServiceAccount,
): Promise<ServiceAccount> {
  const { user, password, space = null, description = null, active = true } = input;
  checkUser(user);
  checkTexts(input);
  const passwordHash = await auth.passwords.hash(password);
  const made = commit(gateway, async ({ tx, emit, at }) => {
    const data = { id: gateway.newId(), user, space, description, active, passwordHash, createdAt: at, updatedAt: at };
    const account = await tx.serviceAccount.create({ data });
    await emit(serviceAccountEvent("service-account.created", account));
    return account;
  });
  return made.catch((error: unknown) => {
    throw isUniqueViolation(error) ? conflict(`Service account "${user}" already exists`) : error;
  });
}

/**
 * Changes an account. Deactivating ends all its tokens at once; activating does not bring them back.
 *
 * @throws {GatewayError} NOT_FOUND; CONFLICT when the last active administrator would be deactivated; BAD_USER_INPUT
 *   for text that cannot be stored.
 */
export async function updateServiceAccount(
  gateway: Committer,
  idOrUser: string,
  change: ServiceAccountChange,
): Promise<ServiceAccount> {
  checkTexts(change);
  return commit(gateway, async (unit) => {
    const { tx, emit, at } = unit;
    if (change.active === false) await lockAdministrators(tx);
    const { id } = await findServiceAccount(tx, idOrUser);
    if (change.active === false) await deactivate(unit, id);
    await tx.serviceAccount.updateMany({ where: { id }, data: { ...only(change), updatedAt: at } });
    const account = await findServiceAccount(tx, id);
    await emit(serviceAccountEvent("service-account.changed", account));
    return account;
  });
}

/**
 * Deletes an account with its role bindings, and ends its tokens at once. What it made stays.
 *
 * @throws {GatewayError} NOT_FOUND; CONFLICT for the last active administrator.
 */
export async function deleteServiceAccount(gateway: Committer, idOrUser: string): Promise<ServiceAccount> {
  return commit(gateway, async (unit) => {
    const { tx, emit } = unit;
    await lockAdministrators(tx);
    const account = await findServiceAccount(tx, idOrUser);
    const { count } = await tx.serviceAccount.deleteMany({ where: { id: account.id } });
    if (count === 0) throw notFound("Service account", idOrUser);
    await deleteBindings(unit, account.user);
    await requireAdministrator(tx);
    await emit(serviceAccountEvent("service-account.deleted", account));
    return account;
  });
}

async function deactivate({ tx }: Unit, id: string): Promise<void> {
  const data = { active: false, tokenEpoch: { increment: 1 } };
  const { count } = await tx.serviceAccount.updateMany({ where: { id, active: true }, data });
  if (count > 0) await requireAdministrator(tx);
}

/** Or else the next account of the same name would inherit them. */
async function deleteBindings({ tx, emit }: Unit, user: string): Promise<void> {
  const bindings = await tx.roleBinding.findMany({ where: { subject: user } });
  await tx.roleBinding.deleteMany({ where: { id: { in: bindings.map(({ id }) => id) } } });
  for (const { id, ...binding } of bindings) {
    const payload = asPayload({ id, ...binding });
    await emit({ stream: `role-binding:${id}`, type: "role-binding.deleted", space: binding.space, payload });
  }
}

function checkTexts({ space, description }: ServiceAccountChange): void {
  checkText("space", space);
  checkDescription("description", description);
}

/** Leaves out what callers may have sent beside the three things that can be changed. */
const only = ({ space, description, active }: ServiceAccountChange) => ({
  ...(space === undefined ? {} : { space }),
  ...(description === undefined ? {} : { description }),
  ...(active == null ? {} : { active }),
});
