import { covers } from "../../auth/policy.ts";
import type { Principal } from "../../auth/principal.ts";
import { conflict, GatewayError, notFound } from "../../errors.ts";
import { asPayload } from "../../events/append.ts";
import { commit, type Committer, type Unit } from "../../events/commit.ts";
import type { RoleBinding } from "../../store/generated/client/client.ts";
import type { Transaction } from "../../store/store.ts";
import { rulesOf } from "../roles/role.ts";
import { findRole } from "../roles/service.ts";
import { lockAdministrators, requireAdministrator } from "../service-accounts/administrators.ts";
import { findServiceAccount } from "../service-accounts/service.ts";

/** A new binding: an account (its user name or id), a role, and the space it is limited to, if any. */
export interface NewRoleBinding {
  readonly subject: string;
  readonly role: string;
  readonly space?: string | null | undefined;
}

/**
 * Finds a binding.
 *
 * @throws {GatewayError} NOT_FOUND when there is none.
 */
export async function findRoleBinding(store: Pick<Transaction, "roleBinding">, id: string): Promise<RoleBinding> {
  const binding = await store.roleBinding.findUnique({ where: { id } });
  if (!binding) throw notFound("Role binding", id);
  return binding;
}

/**
 * Gives an account a role, from its next call on and in what it listens to.
 *
 * @throws {GatewayError} NOT_FOUND for an unknown account, role or space; FORBIDDEN when that would grant what the
 *   creator does not hold; CONFLICT when the account has the role there already.
 */
export async function createRoleBinding(
  gateway: Committer,
  creator: Principal,
  { subject, role: roleName, space = null }: NewRoleBinding,
): Promise<RoleBinding> {
  return commit(gateway, async ({ tx, emit, at }) => {
    await lockAdministrators(tx); // or the account or the role could go at the same time
    const { user } = await findServiceAccount(tx, subject);
    await requireGrantable(tx, creator, roleName, space);
    const place = { subject: user, roleName, space };
    if (await tx.roleBinding.findFirst({ where: place })) {
      throw conflict(`"${user}" has the role "${roleName}" ${space === null ? "everywhere" : `in "${space}"`} already`);
    }
    const data = { id: gateway.newId(), ...place, createdAt: at, updatedAt: at };
    const binding = await tx.roleBinding.create({ data });
    await emit(bindingEvent("role-binding.created", binding));
    return binding;
  });
}

/**
 * Takes a role away from an account, at once.
 *
 * @throws {GatewayError} NOT_FOUND; CONFLICT when no active administrator would be left.
 */
export async function deleteRoleBinding(gateway: Committer, id: string): Promise<RoleBinding> {
  return commit(gateway, async (unit) => {
    await lockAdministrators(unit.tx);
    const binding = await findRoleBinding(unit.tx, id);
    await removeBindings(unit, [binding]);
    return binding;
  });
}

/**
 * Removes bindings inside a change, under `lockAdministrators`.
 *
 * @throws {GatewayError} CONFLICT when no active administrator would be left.
 */
export async function removeBindings({ tx, emit }: Unit, bindings: readonly RoleBinding[]): Promise<void> {
  await tx.roleBinding.deleteMany({ where: { id: { in: bindings.map(({ id }) => id) } } });
  for (const binding of bindings) await emit(bindingEvent("role-binding.deleted", binding));
  await requireAdministrator(tx);
}

async function requireGrantable(tx: Transaction, creator: Principal, roleName: string, space: string | null) {
  const role = await findRole(tx, roleName);
  if (space !== null && !(await tx.space.findUnique({ where: { name: space } }))) throw notFound("Space", space);
  if (covers(creator, rulesOf(role), space)) return;
  throw new GatewayError(
    "FORBIDDEN",
    `${creator.user} may not grant the role "${roleName}": it holds more than they do`,
  );
}

const bindingEvent = (type: "role-binding.created" | "role-binding.deleted", binding: RoleBinding) => ({
  stream: `role-binding:${binding.id}`,
  type,
  space: binding.space,
  payload: asPayload(binding),
});
