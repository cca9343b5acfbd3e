import type { Verb } from "../../auth/permissions.ts";
import type { AccountPrincipal } from "../../auth/principal.ts";
import { requireAccount, requireAllowed, requirePrincipal } from "../../graphql/authorize.ts";
import type { Context } from "../../graphql/context.ts";
import type { RoleBinding } from "../../store/generated/client/client.ts";
import { findRoleBinding } from "./service.ts";

/**
 * The binding of that id, if the caller may do this with it.
 *
 * @throws NOT_FOUND for a missing and for a hidden one, FORBIDDEN for one that is known, UNAUTHENTICATED.
 */
export async function bindingFor(context: Context, id: string, verb: Verb): Promise<RoleBinding> {
  requirePrincipal(context);
  const binding = await findRoleBinding(context.gateway.store, id);
  requireAllowed(context, verb, "role-bindings", { space: null, name: id }, { kind: "Role binding", name: id });
  return binding;
}

/**
 * Lets those go on who may do this with bindings in general.
 *
 * @throws UNAUTHENTICATED, FORBIDDEN.
 */
export function requireBindings(context: Context, verb: "list" | "create"): AccountPrincipal {
  const caller = requireAccount(context);
  requireAllowed(context, verb, "role-bindings", { space: null }, { kind: "Role binding", name: "" });
  return caller;
}
