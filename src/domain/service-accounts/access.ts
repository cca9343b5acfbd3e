import type { Verb } from "../../auth/permissions.ts";
import { decide, type Target } from "../../auth/policy.ts";
import type { AccountPrincipal } from "../../auth/principal.ts";
import { GatewayError } from "../../errors.ts";
import { requireAccount, requireAllowed, requirePrincipal } from "../../graphql/authorize.ts";
import type { Context } from "../../graphql/context.ts";
import type { ServiceAccount } from "../../store/generated/client/client.ts";
import { findServiceAccount } from "./service.ts";

/**
 * The account of that id or user name, if the caller may do this with it. All see their own account.
 *
 * @throws NOT_FOUND for a missing and for a hidden one, FORBIDDEN for one that is known, UNAUTHENTICATED.
 */
export async function accountFor(context: Context, idOrUser: string, verb: Verb): Promise<ServiceAccount> {
  const caller = requirePrincipal(context);
  const account = await findServiceAccount(context.gateway.store, idOrUser);
  const target: Target = { space: null, name: account.user };
  if (caller.kind === "account" && caller.id === account.id) {
    const allowed = verb === "get" || decide(caller, verb, "service-accounts", target) === "allow";
    if (!allowed) throw new GatewayError("FORBIDDEN", `You may not ${verb} your own account "${account.user}"`);
  } else {
    requireAllowed(context, verb, "service-accounts", target, { kind: "Service account", name: idOrUser });
  }
  return account;
}

/**
 * Lets those go on who may do this with accounts in general.
 *
 * @throws UNAUTHENTICATED, FORBIDDEN.
 */
export function requireAccounts(context: Context, verb: "list" | "create"): AccountPrincipal {
  const caller = requireAccount(context);
  requireAllowed(context, verb, "service-accounts", { space: null }, { kind: "Service account", name: "" });
  return caller;
}
