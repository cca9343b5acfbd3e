import { conflict, notFound } from "../../errors.ts";
import type { Transaction } from "../../store/store.ts";

/**
 * The name of a space that may start something new.
 *
 * @throws NOT_FOUND for an unknown space, CONFLICT for an inactive one.
 */
export async function requireActiveSpace(tx: Pick<Transaction, "space">, name: string): Promise<string> {
  const space = await tx.space.findUnique({ where: { name }, select: { active: true } });
  if (!space) throw notFound("Space", name);
  if (!space.active) throw conflict(`Space "${name}" is not active: nothing new can be started in it`);
  return name;
}
