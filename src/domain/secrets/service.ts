import { conflict, notFound } from "../../errors.ts";
import { commit, type Committer, type Reaction, type Unit } from "../../events/commit.ts";
import type { Secret } from "../../store/generated/client/client.ts";
import type { Transaction } from "../../store/store.ts";
import { checkDescription } from "../../text.ts";
import { holdSpace } from "../spaces/service.ts";
import { spaceOf } from "../spaces/space.ts";
import { secretEvent } from "./event.ts";
import { newSecret, sealSecret, spaceOwner } from "./owned.ts";
import { checkKey, checkValue } from "./secret.ts";

/** A space's secret with its value. */
export interface NewSecret {
  readonly space: string;
  readonly key: string;
  readonly value: string;
  readonly description?: string | null;
}

/** What of a secret can be changed: absent stays as it is, `null` clears the description. */
export interface SecretChange {
  readonly value?: string | null;
  readonly description?: string | null;
}

/** A space's secret of that key, or `null`. Its value is sealed. */
export const findSecret = ({ secret }: Pick<Transaction, "secret">, space: string, keyName: string) =>
  secret.findUnique({ where: { ownerKind_ownerId_keyName: { ownerKind: "SPACE", ownerId: space, keyName } } });

/**
 * Adds a secret to a space. Commands that begin from now on find it in their environment.
 *
 * @throws BAD_USER_INPUT, NOT_FOUND for the space, CONFLICT when the key is taken.
 */
export async function createSecret(gateway: Committer, input: NewSecret): Promise<Secret> {
  checkNew(input);
  return commit(gateway, async (unit) => {
    await holdSpace(unit.tx, input.space);
    const taken = await findSecret(unit.tx, input.space, input.key);
    if (taken) throw conflict(`Secret "${input.key}" already exists in space "${input.space}"`, { field: "key" });
    return addSecret(unit, input);
  });
}

/** Adds a secret to a space, or replaces the one of that key; without a description the old one stays. */
export async function setSecret(gateway: Committer, input: NewSecret): Promise<Secret> {
  checkNew(input);
  return commit(gateway, async (unit) => {
    await holdSpace(unit.tx, input.space);
    const present = await findSecret(unit.tx, input.space, input.key);
    return present ? changeSecret(unit, present, input) : addSecret(unit, input);
  });
}

/** Changes the value or the description of a space's secret. @throws NOT_FOUND, BAD_USER_INPUT. */
export async function updateSecret(gateway: Committer, space: string, key: string, change: SecretChange) {
  if (change.value != null) checkValue("value", key, change.value);
  checkDescription("description", change.description);
  return commit(gateway, async (unit) => changeSecret(unit, await heldSecret(unit, space, key), change));
}

/** Deletes a space's secret; commands that run keep what they were given. @throws NOT_FOUND. */
export async function deleteSecret(gateway: Committer, space: string, key: string): Promise<Secret> {
  return commit(gateway, async (unit) => {
    const secret = await heldSecret(unit, space, key);
    await unit.tx.secret.delete({ where: { id: secret.id } });
    await unit.emit(secretEvent("secret.deleted", secret));
    return secret;
  });
}

/** A deleted space takes its secrets with it: the next space of the same name begins without any. */
export const secretReactions: readonly Reaction[] = [
  {
    to: ["space.deleted"],
    async react({ tx, emit }, event) {
      const { name: space } = spaceOf(event);
      const secrets = await tx.secret.findMany({ where: { space, ownerKind: "SPACE" }, orderBy: { keyName: "asc" } });
      await tx.secret.deleteMany({ where: { space } });
      for (const secret of secrets) await emit(secretEvent("secret.deleted", secret));
    },
  },
];

function checkNew({ key, value, description }: NewSecret): void {
  checkKey("key", key);
  checkValue("value", key, value);
  checkDescription("description", description);
}

/** The secret, with its space held so that nothing else changes it meanwhile. */
async function heldSecret({ tx }: Unit, space: string, key: string): Promise<Secret> {
  await holdSpace(tx, space);
  const secret = await findSecret(tx, space, key);
  if (!secret) throw notFound("Secret", key);
  return secret;
}

async function addSecret(unit: Unit, { space, key, value, description = null }: NewSecret): Promise<Secret> {
  const data = { ...newSecret(unit, spaceOwner(space), key, value), description };
  const secret = await unit.tx.secret.create({ data });
  await unit.emit(secretEvent("secret.created", secret));
  return secret;
}

async function changeSecret(unit: Unit, { id, space, keyName }: Secret, { value, description }: SecretChange) {
  const data = {
    ...(value == null ? {} : sealSecret(unit.gateway, spaceOwner(space), keyName, value)),
    ...(description === undefined ? {} : { description }),
    updatedAt: unit.at,
  };
  const secret = await unit.tx.secret.update({ where: { id }, data });
  await unit.emit(secretEvent("secret.changed", secret));
  return secret;
}
