import { z } from "zod";
import { spaceless, verbNamed } from "./permissions.ts";

const words = z.array(z.string().min(1).max(253)).min(1).max(100);

/**
 * One rule of a role, as it is stored and as callers write it (`resourceNames` limits it to things of
 * these names). A rule without a scope gets `global` when it names something that lives in no space.
 */
export const ruleSchema = z
  .object({
    resources: words,
    verbs: words,
    scope: z.enum(["space", "global"]).nullish(),
    apiGroups: z.array(z.string().max(253)).max(100).nullish(),
    resourceNames: z.array(z.string().min(1).max(253)).max(1000).nullish(),
  })
  .transform(({ resources, verbs, scope, apiGroups, resourceNames }) => ({
    resources,
    verbs,
    scope: scope ?? defaultScope(resources),
    ...(apiGroups ? { apiGroups } : {}),
    ...(resourceNames ? { resourceNames } : {}),
  }));

/** All rules of one role. */
export const rulesSchema = z.array(ruleSchema).max(100);

/** A rule with its scope decided. */
export type Rule = z.output<typeof ruleSchema>;

const defaultScope = (resources: readonly string[]) =>
  resources.some((resource) => resource === "*" || spaceless.has(resource)) ? ("global" as const) : ("space" as const);

/**
 * A binding resolved through one rule of its role. Verbs have their one spelling.
 *
 * A binding in a space never reaches beyond it, whatever the rule's scope; a global binding reaches
 * all spaces, and things outside of every space only by a rule of the scope `global`.
 */
export interface Grant {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly scope: "space" | "global";
  /** The space of the binding; `null` is everywhere. */
  readonly space: string | null;
  /** The only things it is about, by name; absent for all. */
  readonly names?: readonly string[];
}

/** What a role's rules grant when bound in `space`, or everywhere for `null`. */
export const grantsOf = (rules: readonly Rule[], space: string | null): Grant[] =>
  rules.map(({ resources, verbs, scope, resourceNames }) => ({
    resources,
    verbs: verbs.map(verbNamed),
    scope,
    space,
    ...(resourceNames && resourceNames.length > 0 ? { names: resourceNames } : {}),
  }));
