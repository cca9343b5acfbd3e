import { unauthenticated } from "../../auth/authenticate.ts";
import type { Verb } from "../../auth/permissions.ts";
import { isAllowed } from "../../auth/policy.ts";
import type { Principal } from "../../auth/principal.ts";
import { notFound } from "../../errors.ts";
import { requireAllowed } from "../../graphql/authorize.ts";
import type { Context } from "../../graphql/context.ts";
import type { Build } from "../../store/generated/client/client.ts";
import { requireSpace } from "../spaces/access.ts";

const kind = "Build";

/**
 * The build of that id, if the caller may do this with it. Where a space is given, a build of another counts as
 * missing.
 *
 * @throws NOT_FOUND for a missing and for a hidden one, FORBIDDEN for one that is known, UNAUTHENTICATED.
 */
export async function buildFor(context: Context, id: string, verb: Verb, space?: string | null): Promise<Build> {
  const where = { id, ...(space == null ? {} : { spaceName: space }) };
  const build = await context.gateway.store.build.findUnique({ where });
  if (!build) throw context.principal ? notFound(kind, id) : unauthenticated();
  requireAllowed(context, verb, "builds", { space: build.spaceName, name: id }, { kind, name: id });
  return build;
}

/** Lets the call go on if the caller may do this with the builds of a space. @throws NOT_FOUND for the space, FORBIDDEN. */
export async function requireBuilds(context: Context, space: string, verb: "create" | "list" | "get"): Promise<void> {
  await requireSpace(context, space);
  requireAllowed(context, verb, "builds", { space }, { kind: "Space", name: space });
}

/** Whether the caller may see the builds of a space. */
export const maySeeBuilds = (principal: Principal | null, verb: "get" | "list", space: string): boolean =>
  isAllowed(principal, verb, "builds", { space });
