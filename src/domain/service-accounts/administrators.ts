import { grantsAll, grantsOfMaker } from "../../auth/policy.ts";
import { type Grant, grantsOf, rulesSchema } from "../../auth/rules.ts";
import { conflict } from "../../errors.ts";
import type { ServiceAccount } from "../../store/generated/client/client.ts";
import type { Transaction } from "../../store/store.ts";

const lock = { key: "administrators.lock", value: "" };

/**
 * Makes changes that could take away the last administrator wait for each other: call it first in the
 * transaction. Without it two of them at once could each see the other's administrator remain.
 */
export async function lockAdministrators(tx: Transaction): Promise<void> {
  await tx.setting.upsert({ where: { key: lock.key }, create: lock, update: { value: lock.value } });
}

/**
 * Undoes the transaction that took away the last active account with a global binding of everything.
 * Call it after the change, under `lockAdministrators`.
 *
 * @throws {GatewayError} CONFLICT when nobody would be left to administer the gateway.
 */
export async function requireAdministrator(tx: Transaction): Promise<void> {
  const bindings = await tx.roleBinding.findMany({ where: { space: null }, include: { role: true } });
  const subjects = bindings
    .filter(({ role }) => grantsOf(rulesSchema.parse(role.rules), null).some(grantsAll))
    .map(({ subject }) => subject);
  const left = await tx.serviceAccount.count({ where: { active: true, user: { in: subjects } } });
  if (left === 0) throw conflict("The last active administrator must remain; make another one first");
}

/**
 * All that an account holds, whether it is active or not, as grants: what is granted to it, and what comes with the
 * agents and sessions it made.
 */
export async function holdingsOf(tx: Transaction, { id, user }: Pick<ServiceAccount, "id" | "user">): Promise<Grant[]> {
  const made = { by: ["spaceName" as const], where: { createdById: id } };
  const [bindings, agents, sessions] = await Promise.all([
    tx.roleBinding.findMany({ where: { subject: user }, include: { role: true } }),
    tx.agent.groupBy(made),
    tx.session.groupBy(made),
  ]);
  return [
    ...bindings.flatMap(({ role, space }) => grantsOf(rulesSchema.parse(role.rules), space)),
    ...agents.flatMap(({ spaceName }) => grantsOfMaker("agents", spaceName)),
    ...sessions.flatMap(({ spaceName }) => grantsOfMaker("sessions", spaceName)),
  ];
}
