import { GatewayError } from "../../errors.ts";
import type { Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Secret, SecretOwner } from "../../store/generated/client/client.ts";

/** Whose secrets: a space's, an agent's or a session's. */
export interface Owner {
  readonly space: string;
  readonly kind: SecretOwner;
  /** The space's name, or the agent's or session's id. */
  readonly id: string;
}

/** The space as an owner of secrets. */
export const spaceOwner = (space: string): Owner => ({ space, kind: "SPACE", id: space });

/** Seals and stores secrets of a new owner, inside the change that makes the owner. */
export async function storeSecrets(unit: Unit, owner: Owner, values: Readonly<Record<string, string>>): Promise<void> {
  const data = Object.entries(values).map(([keyName, value]) => newSecret(unit, owner, keyName, value));
  if (data.length > 0) await unit.tx.secret.createMany({ data });
}

/** A row with the sealed value. */
export const newSecret = ({ gateway, at }: Unit, owner: Owner, keyName: string, value: string) => ({
  id: gateway.newId(),
  space: owner.space,
  ownerKind: owner.kind,
  ownerId: owner.id,
  keyName,
  ...sealSecret(gateway, owner, keyName, value),
  createdBy: gateway.actor,
  createdAt: at,
  updatedAt: at,
});

/** The columns of a sealed value. It opens only in this place: for this owner, under this key. */
export const sealSecret = ({ sealer }: Pick<Gateway, "sealer">, owner: Owner, keyName: string, value: string) => ({
  sealed: sealer.seal(value, placeOf(owner, keyName)),
  keyId: sealer.keyId,
});

/** A stored secret does not open: its master key is another one, or its row was changed. Repeating does not help. */
export class UnreadableSecret extends GatewayError {
  constructor(message: string, cause: unknown) {
    super("CONFLICT", message, {}, cause);
  }
}

/**
 * The value of a stored secret.
 *
 * @throws {UnreadableSecret}
 */
export function openSecret({ sealer }: Pick<Gateway, "sealer">, owner: Owner, row: Sealed): string {
  try {
    return sealer.open(row.sealed, row.keyId, placeOf(owner, row.keyName));
  } catch (cause) {
    throw new UnreadableSecret(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

type Sealed = Pick<Secret, "sealed" | "keyId" | "keyName">;

/** Gives `to` a copy of every secret of `from`. */
export async function copySecrets(unit: Unit, from: Owner, to: Owner): Promise<void> {
  await storeSecrets(unit, to, await valuesOf(unit, from));
}

async function valuesOf({ tx, gateway }: Unit, owner: Owner): Promise<Record<string, string>> {
  return openAll(gateway, owner, await tx.secret.findMany({ where: { ownerKind: owner.kind, ownerId: owner.id } }));
}

/** Gives the secrets of `from` to `to`, which is the same owner in another space. */
export async function moveSecrets(unit: Unit, from: Owner, to: Owner): Promise<void> {
  const values = await valuesOf(unit, from);
  await deleteSecrets(unit, from);
  await storeSecrets(unit, to, values);
}

export const deleteSecrets = (unit: Unit, owner: Owner) =>
  unit.tx.secret.deleteMany({ where: { ownerKind: owner.kind, ownerId: owner.id } });

/** The keys of the secrets of many owners, by one query. */
export async function secretNamesOf({ store }: Pick<Gateway, "store">, owners: readonly Owner[]): Promise<string[][]> {
  const rows = await store.secret.findMany({
    where: { OR: owners.map(({ kind, id }) => ({ ownerKind: kind, ownerId: id })) },
    select: { ownerId: true, keyName: true },
    orderBy: { keyName: "asc" },
  });
  return owners.map(({ id }) => rows.filter(({ ownerId }) => ownerId === id).map(({ keyName }) => keyName));
}

/** The values by their keys. @throws {UnreadableSecret} */
export const openAll = (
  gateway: Pick<Gateway, "sealer">,
  owner: Owner,
  rows: readonly Secret[],
): Record<string, string> => Object.fromEntries(rows.map((row) => [row.keyName, openSecret(gateway, owner, row)]));

const placeOf = (owner: Owner, keyName: string) => ({
  space: owner.space,
  owner: `${owner.kind}:${owner.id}`,
  keyName,
});
