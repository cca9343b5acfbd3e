import type { Verb } from "../../auth/permissions.ts";
import type { AccountPrincipal } from "../../auth/principal.ts";
import { requireAccount, requireAllowed, requirePrincipal } from "../../graphql/authorize.ts";
import type { Context } from "../../graphql/context.ts";
import type { Role } from "../../store/generated/client/client.ts";
import { findRole } from "./service.ts";

/**
 * The role of that name, if the caller may do this with it.
 *
 * @throws NOT_FOUND for a missing and for a hidden one, FORBIDDEN for one that is known, UNAUTHENTICATED.
 */
export async function roleFor(context: Context, name: string, verb: Verb): Promise<Role> {
  requirePrincipal(context);
  const role = await findRole(context.gateway.store, name);
  requireAllowed(context, verb, "roles", { space: null, name }, { kind: "Role", name });
  return role;
}

/**
 * Lets those go on who may do this with roles in general.
 *
 * @throws UNAUTHENTICATED, FORBIDDEN.
 */
export function requireRoles(context: Context, verb: "list" | "create"): AccountPrincipal {
  const caller = requireAccount(context);
  requireAllowed(context, verb, "roles", { space: null }, { kind: "Role", name: "" });
  return caller;
}
