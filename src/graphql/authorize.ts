import { unauthenticated } from "../auth/authenticate.ts";
import type { Resource, Verb } from "../auth/permissions.ts";
import { decide, type Target } from "../auth/policy.ts";
import type { AccountPrincipal, Principal } from "../auth/principal.ts";
import { GatewayError, notFound } from "../errors.ts";
import type { Context } from "./context.ts";

/** @throws UNAUTHENTICATED for a caller without a good token. */
export function requirePrincipal({ principal }: Pick<Context, "principal">): Principal {
  if (!principal) throw unauthenticated();
  return principal;
}

/** @throws UNAUTHENTICATED without a token, FORBIDDEN for a worker's token. */
export function requireAccount(context: Pick<Context, "principal">): AccountPrincipal {
  const principal = requirePrincipal(context);
  if (principal.kind !== "account") throw forbidden("A worker's token");
  return principal;
}

/** The thing a decision is about, as the caller named it. */
export interface Named {
  readonly kind: string;
  readonly name: string;
}

/**
 * Lets the call go on if the policy allows it.
 *
 * @throws UNAUTHENTICATED without a token, NOT_FOUND for what the caller may not know of (the same words as for
 *   what is missing), FORBIDDEN for what they may know but not do.
 */
export function requireAllowed(context: Context, verb: Verb, resource: Resource, target: Target, named: Named): void {
  const decision = decide(context.principal, verb, resource, target);
  if (decision === "allow") return;
  if (!context.principal) throw unauthenticated();
  if (decision === "hide") throw notFound(named.kind, named.name);
  throw forbidden(context.principal.user, `${resource}:${verb}`);
}

/** The refusal of what is known but not allowed. */
export const forbidden = (who: string, permission?: string) =>
  new GatewayError(
    "FORBIDDEN",
    `${who} may not do this${permission ? `: it needs the permission "${permission}"` : ""}`,
  );
