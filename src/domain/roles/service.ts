import { covers } from "../../auth/policy.ts";
import type { Principal } from "../../auth/principal.ts";
import { conflict, GatewayError, notFound } from "../../errors.ts";
import { asPayload } from "../../events/append.ts";
import { commit, type Committer } from "../../events/commit.ts";
import type { Role } from "../../store/generated/client/client.ts";
import type { Transaction } from "../../store/store.ts";
import { isUniqueViolation } from "../../store/violations.ts";
import { checkDescription } from "../../text.ts";
import { administratorRole } from "./builtin.ts";
import { checkRoleName, checkRules } from "./role.ts";

/** A new role. The rules are checked here. */
export interface NewRole {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly rules: unknown;
}

/**
 * Finds a role.
 *
 * @throws {GatewayError} NOT_FOUND when there is none.
 */
export async function findRole(store: Pick<Transaction, "role">, name: string): Promise<Role> {
  const role = await store.role.findUnique({ where: { name } });
  if (!role) throw notFound("Role", name);
  return role;
}

/**
 * Makes a role. It grants nothing until it is bound to an account.
 *
 * @throws {GatewayError} BAD_USER_INPUT for a name or rules that are not allowed; FORBIDDEN when the rules would grant,
 *   bound everywhere, what the creator does not hold; CONFLICT when the name is taken.
 */
export async function createRole(gateway: Committer, creator: Principal, input: NewRole): Promise<Role> {
  const { name, description = null } = input;
  checkRoleName(name);
  checkDescription("description", description);
  const rules = checkRules(input.rules);
  if (!covers(creator, rules, null)) {
    throw new GatewayError("FORBIDDEN", `${creator.user} may not make a role that grants more than they hold`);
  }
  const made = commit(gateway, async ({ tx, emit, at }) => {
    const role = await tx.role.create({ data: { name, description, rules, createdAt: at, updatedAt: at } });
    await emit(roleEvent("role.created", role));
    return role;
  });
  return made.catch((error: unknown) => {
    throw isUniqueViolation(error) ? conflict(`Role "${name}" already exists`) : error;
  });
}

/**
 * Deletes a role with its bindings: who had it loses what it granted at once.
 *
 * @throws {GatewayError} NOT_FOUND; CONFLICT for the role `admin`, and when no active administrator would be left.
 */
export async function deleteRole(gateway: Committer, name: string): Promise<Role> {
  if (name === administratorRole) throw conflict(`Role "${name}" cannot be deleted: it grants everything`);
  return commit(gateway, async ({ tx, emit }) => {
    const role = await findRole(tx, name);
    await emit(roleEvent("role.deleted", role)); // its bindings go first, in their own room
    const { count } = await tx.role.deleteMany({ where: { name } });
    if (count === 0) throw notFound("Role", name);
    return role;
  });
}

const roleEvent = (type: "role.created" | "role.deleted", role: Role) => ({
  stream: `role:${role.name}`,
  type,
  payload: asPayload(role),
});
