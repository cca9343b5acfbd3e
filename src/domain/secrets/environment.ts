import { accessOf } from "../../auth/access.ts";
import { isGranted } from "../../auth/policy.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent, Secret } from "../../store/generated/client/client.ts";
import { openAll, type Owner, spaceOwner, UnreadableSecret } from "./owned.ts";

/** Who made an agent or a session, and whether they might make such things there then. */
export type Made = Pick<Agent, "createdById" | "createdByName" | "usesSpaceSecrets">;

/**
 * The environment of an owner's commands: its own secrets, and those of its space that it has none of the same key of.
 * An agent or a session gets the space's only while whoever made it may make such things there.
 */
export async function environmentOf(gateway: Gateway, owner: Owner, made: Made | null) {
  const place = spaceOwner(owner.space);
  const [ofSpace, own] = await Promise.all([made ? secretsOf(gateway, place) : [], secretsOf(gateway, owner)]);
  return opened(gateway, { owner, made }, ofSpace, own);
}

async function opened(
  gateway: Gateway,
  { owner, made }: { readonly owner: Owner; readonly made: Made | null },
  ofSpace: readonly Secret[],
  own: readonly Secret[],
): Promise<Record<string, string>> {
  const isGiven = made !== null && ofSpace.length > 0 && (await mayUseSpaceSecrets(gateway, owner, made));
  return { ...openAll(gateway, spaceOwner(owner.space), isGiven ? ofSpace : []), ...openAll(gateway, owner, own) };
}

/** An owner of commands, and who made it. */
export interface Holder {
  readonly owner: Owner;
  readonly made: Made;
}

/** What the environments of many owners say under these keys, by one query; an error for one that does not open. */
export async function environmentsOf(
  gateway: Gateway,
  holders: readonly Holder[],
  keys: readonly string[],
): Promise<(Record<string, string> | UnreadableSecret)[]> {
  const owners = holders.map(({ owner }) => owner);
  const kinds = [...new Set(owners.map(({ kind }) => kind))].map((ownerKind) => ({
    ownerKind,
    ownerId: { in: owners.filter(({ kind }) => kind === ownerKind).map(({ id }) => id) },
  }));
  const spaces = { ownerKind: "SPACE" as const, ownerId: { in: [...new Set(owners.map(({ space }) => space))] } };
  const rows = await gateway.store.secret.findMany({ where: { keyName: { in: [...keys] }, OR: [spaces, ...kinds] } });
  const byOwner = Map.groupBy(rows, ({ ownerKind, ownerId }) => `${ownerKind} ${ownerId}`);
  const of = (each: Owner) => byOwner.get(`${each.kind} ${each.id}`) ?? [];
  return Promise.all(
    holders.map((holder) =>
      opened(gateway, holder, of(spaceOwner(holder.owner.space)), of(holder.owner)).catch((error: unknown) => {
        if (error instanceof UnreadableSecret) return error;
        throw error;
      }),
    ),
  );
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
