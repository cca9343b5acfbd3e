import { unauthenticated } from "../../auth/authenticate.ts";
import type { Resource, Verb } from "../../auth/permissions.ts";
import { visibleSpaces } from "../../auth/policy.ts";
import type { Principal } from "../../auth/principal.ts";
import { notFound } from "../../errors.ts";
import { requireAllowed } from "../../graphql/authorize.ts";
import type { Context } from "../../graphql/context.ts";
import { rememberedOne } from "../../graphql/remembered.ts";
import { Prisma, type Space } from "../../store/generated/client/client.ts";
import { spaces } from "./remembered.ts";

/**
 * The space of that name, if the caller may do this with it.
 *
 * @throws NOT_FOUND for a missing and for a hidden one, FORBIDDEN for one that is known, UNAUTHENTICATED.
 */
export async function spaceFor(context: Context, name: string, verb: Verb): Promise<Space> {
  const space = await requireSpace(context, name);
  requireAllowed(context, verb, "spaces", { space: name, name }, { kind: "Space", name });
  return space;
}

/** The space of that name, for who asks about something in it. @throws NOT_FOUND, UNAUTHENTICATED. */
export async function requireSpace(context: Context, name: string): Promise<Space> {
  const { gateway, principal } = context;
  const space = await rememberedOne(context, spaces, name, async (names) => {
    const rows = await gateway.store.space.findMany({ where: { name: { in: [...names] } } });
    return names.map((each) => rows.find((row) => row.name === each) ?? null);
  });
  if (!space) throw principal ? notFound("Space", name) : unauthenticated();
  return space;
}

/** The spaces that a list shows to the caller: those they may list, and those they have a role in. */
export function listedSpaces(principal: Principal | null): Prisma.SpaceWhereInput {
  const visible = visibleSpaces(principal, "list", "spaces");
  return visible === "all" ? {} : { name: { in: [...visible] } };
}

/**
 * Which rows of things that live in spaces a list shows to the caller, as a condition that begins with AND: those of
 * spaces whose things they may list, and their own. The twin in SQL of what the rooms say to Prisma.
 */
export function listedWithin(principal: Principal | null, resource: Resource): Prisma.Sql {
  const visible = visibleSpaces(principal, "list", resource);
  if (visible === "all") return Prisma.empty;
  const owner = principal?.kind === "account" ? principal.id : "";
  const listed = visible.length === 0 ? Prisma.sql`FALSE` : Prisma.sql`"spaceName" IN (${Prisma.join([...visible])})`;
  return Prisma.sql`AND (${listed} OR "createdById" = ${owner})`;
}
