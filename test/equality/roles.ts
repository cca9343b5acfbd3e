import * as fc from "fast-check";
import { anId, aSpaceName, asSnake, aText, define, nothing, optional } from "./operation.ts";

const aRole = fc.constantFrom("reader", "writer", "developer", "admin", "no role");
const someone = fc.constantFrom("stranger", "developer", "admin", "nobody");

const ruleFields = "resources verbs scope apiGroups resourceNames";
const roleFields = `name description rules { ${ruleFields} } createdAt`;

interface Role {
  readonly name: string;
  readonly rules: readonly (Readonly<Record<string, unknown>> & { readonly scope: string })[];
}

const written = (rule: Role["rules"][number]) =>
  Object.fromEntries(
    Object.entries({ ...rule, scope: rule.scope.toLowerCase() }).filter(([, value]) => value !== null),
  );

const shownRole = ({ rules, ...role }: Role) => ({
  ...(asSnake(role) as object),
  id: role.name,
  rules: rules.map(written),
});

const someRules = fc.constantFrom(
  [{ resources: ["agents"], verbs: ["get", "list"] }],
  [{ resources: ["agents", "secrets"], verbs: ["*"], resourceNames: ["ada"] }],
  [{ resources: ["*"], verbs: ["*"] }],
  [{ resources: ["nothing"], verbs: ["get"] }],
  [{ resources: [], verbs: [] }],
);

const bindingFields = "id subject roleRef: roleName space createdAt updatedAt";

/** What can be done with roles and with who has them; it changes what the others may do from then on. */
export const roleOperations = [
  fc.record({ name: aRole, description: optional(aText), rules: someRules }).map((input) =>
    define({
      name: "create a role",
      rest: ["POST", "/roles", input],
      graphql: [`mutation ($input: CreateRoleInput!) { createRole(input: $input) { ${roleFields} } }`, { input }],
      shown: shownRole,
    }),
  ),
  aRole.map((name) =>
    define({
      name: "get a role",
      rest: ["GET", `/roles/${encodeURIComponent(name)}`],
      graphql: [`query ($name: ID!) { role(name: $name) { ${roleFields} } }`, { name }],
      shown: shownRole,
    }),
  ),
  aRole.map((name) =>
    define({
      name: "delete a role",
      rest: ["DELETE", `/roles/${encodeURIComponent(name)}`],
      graphql: [`mutation ($name: ID!) { deleteRole(name: $name) { name } }`, { name }],
      shown: nothing,
    }),
  ),
  fc.record({ subject: someone, role: aRole, space: optional(aSpaceName) }).map(({ role, ...more }) =>
    define({
      name: "bind a role",
      rest: ["POST", "/role-bindings", { role_ref: role, ...more }],
      graphql: [
        `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { ${bindingFields} } }`,
        { input: { role, ...more } },
      ],
      shown: asSnake,
    }),
  ),
  anId.map((id) =>
    define({
      name: "take a role away",
      rest: ["DELETE", `/role-bindings/${id}`],
      graphql: [`mutation ($id: ID!) { deleteRoleBinding(id: $id) { id } }`, { id }],
      shown: nothing,
    }),
  ),
];
