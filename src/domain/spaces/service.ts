import { conflict, notFound } from "../../errors.ts";
import { isJsonObject } from "../../json.ts";
import type { Transaction } from "../../store/store.ts";

/** What a space says of what is started in it. */
export interface ActiveSpace {
  readonly name: string;
  /** The image of computers whose owner names none: the setting `image`. */
  readonly image: string | null;
}

/**
 * A space that may start something new.
 *
 * @throws NOT_FOUND for an unknown space, CONFLICT for an inactive one.
 */
export async function requireActiveSpace(tx: Pick<Transaction, "space">, name: string): Promise<ActiveSpace> {
  const space = await tx.space.findUnique({ where: { name }, select: { active: true, settings: true } });
  if (!space) throw notFound("Space", name);
  if (!space.active) throw conflict(`Space "${name}" is not active: nothing new can be started in it`);
  const image = isJsonObject(space.settings) ? space.settings["image"] : null;
  return { name, image: typeof image === "string" ? image : null };
}
