import { conflict, notFound } from "../../errors.ts";
import { asPayload } from "../../events/append.ts";
import { commit, type Committer, type Unit } from "../../events/commit.ts";
import type { Space } from "../../store/generated/client/client.ts";
import type { Transaction } from "../../store/store.ts";
import { isUniqueViolation } from "../../store/violations.ts";
import { checkDescription } from "../../text.ts";
import { checkSettings, defaultsOf, type Quota, type SpaceDefaults } from "./settings.ts";
import { checkSpaceName, defaultSpace, spaceEvent } from "./space.ts";

/** A new space. */
export interface NewSpace {
  readonly name: string;
  readonly description?: string | null;
  readonly settings?: unknown;
  readonly active?: boolean | null;
}

/** What of a space can be changed: absent stays as it is, `null` clears the description. */
export type SpaceChange = Omit<NewSpace, "name">;

/** What a space says of what is started in it. */
export interface ActiveSpace extends SpaceDefaults {
  readonly name: string;
}

/**
 * A space, held until the change is made: whoever changes or deletes it waits for what is being put into it,
 * and what is put into it waits for its deletion.
 *
 * @throws NOT_FOUND for an unknown space.
 */
export async function holdSpace(tx: Pick<Transaction, "space">, name: string): Promise<Space> {
  const [space] = await tx.space.updateManyAndReturn({ where: { name }, data: { name } }); // writing is what holds it
  if (!space) throw notFound("Space", name);
  return space;
}

/**
 * A space that may start something new, held until the change is made.
 *
 * @throws NOT_FOUND for an unknown space, CONFLICT for an inactive one.
 */
export async function requireActiveSpace(tx: Pick<Transaction, "space">, name: string): Promise<ActiveSpace> {
  const space = await holdSpace(tx, name);
  if (!space.active) throw conflict(`Space "${name}" is not active: nothing new can be started in it`);
  return { name, ...defaultsOf(space.settings) };
}

/**
 * Refuses one more thing in a space that is full. The space is held, so nobody else adds one meanwhile.
 *
 * @throws CONFLICT naming the setting and its value.
 */
export async function requireRoom(space: ActiveSpace, quota: Quota, count: () => Promise<number>): Promise<void> {
  const most = space[quota];
  if (most == null || (await count()) < most) return;
  throw conflict(`Space "${space.name}" is full: its setting "${quota}" is ${most}`, { field: "space" });
}

/**
 * Makes a space with nothing in it.
 *
 * @throws BAD_USER_INPUT naming the field, CONFLICT when the name is taken.
 */
export async function createSpace(gateway: Committer, input: NewSpace): Promise<Space> {
  checkSpaceName(input.name);
  checkDescription("description", input.description);
  const { name, description = null } = input;
  const data = { name, description, settings: checkSettings(input.settings), active: input.active ?? true };
  const made = commit(gateway, async ({ tx, emit, at }) => {
    const space = await tx.space.create({ data: { ...data, createdAt: at, updatedAt: at } });
    await emit(spaceEvent("space.created", space));
    return space;
  });
  return made.catch((error: unknown) => {
    throw isUniqueViolation(error) ? conflict(`Space "${name}" already exists`, { field: "name" }) : error;
  });
}

/**
 * Changes a space. What runs in it goes on when it becomes inactive.
 *
 * @throws NOT_FOUND, BAD_USER_INPUT naming the field.
 */
export async function updateSpace(gateway: Committer, name: string, change: SpaceChange): Promise<Space> {
  checkDescription("description", change.description);
  const data = {
    ...(change.description === undefined ? {} : { description: change.description }),
    ...(change.settings == null ? {} : { settings: checkSettings(change.settings) }),
    ...(change.active == null ? {} : { active: change.active }),
  };
  return commit(gateway, async ({ tx, emit, at }) => {
    const [space] = await tx.space.updateManyAndReturn({ where: { name }, data: { ...data, updatedAt: at } });
    if (!space) throw notFound("Space", name);
    await emit(spaceEvent("space.changed", space));
    return space;
  });
}

/**
 * Deletes a space with everything in it at once; containers and volumes go as soon as the engine answers.
 * Rooms whose things live in spaces react to `space.deleted`.
 *
 * @throws NOT_FOUND, CONFLICT for the default space.
 */
export async function deleteSpace(gateway: Committer, name: string): Promise<Space> {
  if (name === defaultSpace) throw conflict(`Space "${defaultSpace}" must remain: it cannot be deleted`);
  return commit(gateway, async (unit) => {
    const space = await holdSpace(unit.tx, name);
    await unit.emit(spaceEvent("space.deleted", space));
    await deleteBindings(unit, name);
    await unit.tx.space.delete({ where: { name } });
    return space;
  });
}

/** Or else they would open the next space of the same name. */
async function deleteBindings({ tx, emit }: Unit, space: string): Promise<void> {
  const bindings = await tx.roleBinding.findMany({ where: { space }, orderBy: { id: "asc" } });
  await tx.roleBinding.deleteMany({ where: { id: { in: bindings.map(({ id }) => id) } } });
  for (const binding of bindings) {
    const payload = asPayload(binding);
    await emit({ stream: `role-binding:${binding.id}`, type: "role-binding.deleted", space, payload });
  }
}
