import * as fc from "fast-check";
import { type Resource, resources, type Verb, verbs } from "../../src/auth/permissions.ts";
import type { Target } from "../../src/auth/policy.ts";
import type { AccountPrincipal, WorkerPrincipal } from "../../src/auth/principal.ts";
import { type Grant, grantsOf, rulesSchema } from "../../src/auth/rules.ts";
import { builtInRoles } from "../../src/domain/roles/builtin.ts";

const token = { tokenId: "token-1", expiresAt: new Date("2025-01-02T12:00:00Z") };

/** An account with these grants, bound where the grants say. */
export function account(grants: readonly Grant[], id = "account-1"): AccountPrincipal {
  const spaces = [...new Set(grants.flatMap(({ space }) => space ?? []))];
  return { kind: "account", id, user: `user of ${id}`, grants, roles: [], spaces, ...token };
}

/** An account with one built-in role, everywhere or in one space. */
export const accountAs = (role: string, space: string | null): AccountPrincipal => account(grantsOfRole(role, space));

/** What a built-in role grants. */
export function grantsOfRole(role: string, space: string | null): Grant[] {
  const found = builtInRoles.find(({ name }) => name === role);
  return grantsOf(rulesSchema.parse(found?.rules), space);
}

/** A worker for the agent `agent-1`. */
export const worker: WorkerPrincipal = {
  kind: "worker",
  agentId: "agent-1",
  agentName: "demo",
  user: "agent:demo",
  accountId: "account-1",
  ...token,
};

const spaces = ["default", "staging", "production"] as const;
const names = ["one", "two"] as const;
const some = <T>(values: readonly T[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });

/** Any verb, any resource, any target: what a caller can ask. */
export const anyVerb: fc.Arbitrary<Verb> = fc.constantFrom(...verbs);
export const anyResource: fc.Arbitrary<Resource> = fc.constantFrom(...resources);
export const anySpace = fc.constantFrom(...spaces, null);
export const anyTarget: fc.Arbitrary<Target> = fc.record(
  {
    space: anySpace,
    ownerId: fc.constantFrom("account-1", "account-2", null),
    agentId: fc.constantFrom("agent-1", "agent-2"),
    name: fc.constantFrom(...names),
    published: fc.boolean(),
  },
  { requiredKeys: ["space"] },
);

const grantFields = {
  resources: some([...resources, "*"]),
  verbs: some([...verbs, "*"]),
  scope: fc.constantFrom("space" as const, "global" as const),
  space: anySpace,
  names: some(names),
};
export const anyGrant: fc.Arbitrary<Grant> = fc.record(grantFields, {
  requiredKeys: ["resources", "verbs", "scope", "space"],
});
export const anyPartOfGrant: fc.Arbitrary<Partial<Grant>> = fc.record(grantFields, { requiredKeys: [] });
export const anyGrants = fc.array(anyGrant, { maxLength: 4 });
