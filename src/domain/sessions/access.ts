import { unauthenticated } from "../../auth/authenticate.ts";
import type { Resource, Verb } from "../../auth/permissions.ts";
import { decide, type Target, visibleSpaces } from "../../auth/policy.ts";
import type { Principal } from "../../auth/principal.ts";
import { notFound } from "../../errors.ts";
import { requireAllowed } from "../../graphql/authorize.ts";
import type { Context } from "../../graphql/context.ts";
import type { Prisma, Session } from "../../store/generated/client/client.ts";
import { sessionById } from "./remembered.ts";

type Located = Pick<Session, "spaceName" | "createdById">;

/** The session as the policy sees it. */
export const targetOf = (session: Located): Target => ({ space: session.spaceName, ownerId: session.createdById });

/**
 * The session of that id, if the caller may do this with it.
 *
 * @throws NOT_FOUND for a missing and for a hidden one, FORBIDDEN for one that is known, UNAUTHENTICATED.
 */
export async function sessionFor(
  context: Context,
  id: string,
  verb: Verb,
  resource: Resource = "sessions",
): Promise<Session> {
  const session = await sessionById(context, id);
  if (!session) throw context.principal ? notFound("Session", id) : unauthenticated();
  requireAllowed(context, verb, resource, targetOf(session), { kind: "Session", name: id });
  return session;
}

/** Whether the caller may see the session: relations to hidden ones are `null`. */
export const maySee = (principal: Principal | null, session: Located): boolean =>
  decide(principal, "get", "sessions", targetOf(session)) === "allow";

/** The sessions that a list shows to the caller: those of spaces they may list, and their own. */
export function visibleSessions(principal: Principal | null): Prisma.SessionWhereInput {
  const spaces = visibleSpaces(principal, "list", "sessions");
  if (spaces === "all") return {};
  const own = principal?.kind === "account" ? [{ createdById: principal.id }] : [];
  return { OR: [{ spaceName: { in: [...spaces] } }, ...own] };
}
