import type { Rule } from "../../src/auth/rules.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { accountToken } from "../support/agents.ts";
import type { TestGateway } from "../support/gateway.ts";

/** A role that grants one verb list on some resources, and nothing else. */
export const granting = (resources: readonly string[], verbs: readonly string[]): Rule[] => [
  { resources: [...resources], verbs: [...verbs], scope: "space" },
];

/** Makes an account with a role of its own, bound everywhere or in one space, and answers its token. */
export async function tokenGranting(
  gateway: TestGateway<Runtime>,
  user: string,
  rules: readonly Rule[],
  space: string | null,
): Promise<string> {
  const times = { createdAt: gateway.gateway.now(), updatedAt: gateway.gateway.now() };
  await gateway.gateway.store.role.create({ data: { name: user, rules: [...rules], ...times } });
  return accountToken(gateway, user, user, space);
}
