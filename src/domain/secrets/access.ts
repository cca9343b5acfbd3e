import { unauthenticated } from "../../auth/authenticate.ts";
import type { Verb } from "../../auth/permissions.ts";
import { notFound } from "../../errors.ts";
import { requireAllowed } from "../../graphql/authorize.ts";
import type { Context } from "../../graphql/context.ts";
import type { Secret } from "../../store/generated/client/client.ts";
import { requireSpace } from "../spaces/access.ts";
import { findSecret } from "./service.ts";

/**
 * A space's secret of that key, if the caller may do this with it. Its value is sealed.
 *
 * @throws NOT_FOUND for a missing and for a hidden one, FORBIDDEN for one that is known, UNAUTHENTICATED.
 */
export async function secretFor(context: Context, space: string, key: string, verb: Verb): Promise<Secret> {
  const secret = await findSecret(context.gateway.store, space, key);
  if (!secret) throw context.principal ? notFound("Secret", key) : unauthenticated();
  requireAllowed(context, verb, "secrets", { space, name: key }, { kind: "Secret", name: key });
  return secret;
}

/** Lets the call go on if the caller may do this with the space's secrets. @throws NOT_FOUND for the space, FORBIDDEN. */
export async function requireSecrets(context: Context, space: string, verb: Verb, key?: string): Promise<void> {
  await requireSpace(context, space);
  const target = key === undefined ? { space } : { space, name: key };
  requireAllowed(context, verb, "secrets", target, { kind: "Space", name: space });
}
