import type { Rule } from "../../auth/rules.ts";

/** A role as it is first written; afterwards it is a role like any other. */
export interface BuiltInRole {
  readonly name: string;
  readonly description: string;
  readonly rules: readonly Rule[];
}

/** The role that grants everything; it cannot be deleted. */
export const administratorRole = "admin";

/** The roles every deployment starts with (document A, Roles). */
export const builtInRoles: readonly BuiltInRole[] = [
  {
    name: administratorRole,
    description: "Full administrative access to all resources",
    rules: [{ resources: ["*"], verbs: ["*"], scope: "global" }],
  },
  {
    name: "operator",
    description: "Session and secret management permissions",
    rules: [
      {
        resources: ["sessions", "agents", "secrets"],
        verbs: ["create", "read", "update", "delete", "list"],
        scope: "space",
      },
      { resources: ["spaces"], verbs: ["read", "list"], scope: "global" },
    ],
  },
  {
    name: "developer",
    description: "Development access without secret modification",
    rules: [
      { resources: ["sessions", "agents"], verbs: ["create", "read", "update", "list"], scope: "space" },
      { resources: ["secrets"], verbs: ["read", "list"], scope: "space" },
    ],
  },
];
