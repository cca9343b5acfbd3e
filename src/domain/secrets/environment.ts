import { accessOf } from "../../auth/access.ts";
import { isGranted } from "../../auth/policy.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent, Secret } from "../../store/generated/client/client.ts";
import { openAll, type Owner, spaceOwner } from "./owned.ts";

/** Who made an agent or a session, and whether they might make such things there then. */
export type Made = Pick<Agent, "createdById" | "createdByName" | "usesSpaceSecrets">;

/**
 * The environment of an owner's commands: its own secrets, and those of its space that it has none of the same key of.
 * An agent or a session gets the space's only while whoever made it may make such things there.
 */
export async function environmentOf(gateway: Gateway, owner: Owner, made: Made | null) {
  const place = spaceOwner(owner.space);
  const [ofSpace, own] = await Promise.all([made ? secretsOf(gateway, place) : [], secretsOf(gateway, owner)]);
  const isGiven = made !== null && ofSpace.length > 0 && (await mayUseSpaceSecrets(gateway, owner, made));
  return { ...openAll(gateway, place, isGiven ? ofSpace : []), ...openAll(gateway, owner, own) };
}

/** By hand, for every response begins with it. */
const ofOwner = `SELECT * FROM "Secret" WHERE "ownerKind" = ? AND "ownerId" = ?`;

const secretsOf = ({ store }: Gateway, { kind, id }: Owner) => store.sql.all<Secret>(ofOwner, [kind, id]);

const resources = { AGENT: "agents", SESSION: "sessions" } as const;

async function mayUseSpaceSecrets(gateway: Gateway, { kind, space }: Owner, made: Made): Promise<boolean> {
  const { usesSpaceSecrets, createdById, createdByName } = made;
  if (!usesSpaceSecrets || createdById === null || kind === "SPACE") return false;
  const access = await accessOf(gateway, createdById, createdByName);
  return access !== null && isGranted(access.grants, "create", resources[kind], { space });
}
