import { z } from "zod";
import { moment } from "../../rest/fields.ts";
import { listRoute, type Route, route } from "../../rest/route.ts";

const tag = "Role bindings";

const params = z.object({ id: z.string().meta({ description: "Role binding id" }) });

const RoleBinding = z
  .object({
    id: z.string(),
    subject: z.string().meta({ description: "The user name of a service account" }),
    role_ref: z.string().meta({ description: "The name of a role" }),
    space: z.string().nullable().meta({ description: "The space it is limited to; null is everywhere" }),
    created_at: moment("Creation"),
    updated_at: moment("Last change"),
  })
  .meta({ id: "RoleBinding" });

const example: z.input<typeof RoleBinding> = {
  id: "0197b5a2-6c1e-7c3a-9d0b-2f3f6f1f0a11",
  subject: "api-user",
  role_ref: "developer",
  space: "staging",
  created_at: "2025-01-01T00:00:00.000Z",
  updated_at: "2025-01-01T00:00:00.000Z",
};

const reply = { kind: "json", schema: RoleBinding, example } as const;

/** Selects the fields of document A, in its order. */
const fields = /* GraphQL */ `
  fragment RestRoleBinding on RoleBinding {
    id
    subject
    role_ref: roleName
    space
    created_at: createdAt
    updated_at: updatedAt
  }
`;

/** Who has which role where (document A, "Role Bindings"). */
export const roleBindingRoutes: readonly Route[] = [
  listRoute({
    path: "/role-bindings",
    tag,
    summary: "List all role bindings, the oldest first",
    document: /* GraphQL */ `
      query RestRoleBindings($first: Int, $offset: Int) {
        roleBindings(first: $first, offset: $offset) { items: nodes { ...RestRoleBinding } total: totalCount }
      }
      ${fields}
    `,
    present: (binding: unknown) => binding,
    reply: { kind: "json", schema: z.array(RoleBinding), example: [example] },
  }),
  route({
    method: "POST",
    path: "/role-bindings",
    tag,
    summary: "Give an account a role; nobody can grant what they do not hold",
    body: z.object({
      subject: z.string().meta({ description: "The user name or id of a service account" }),
      role_ref: z.string().meta({ description: "The name of a role" }),
      space: z.string().meta({ description: "Default: everywhere" }).optional(),
    }),
    bodyExample: { subject: "api-user", role_ref: "developer", space: "staging" },
    document: /* GraphQL */ `
      mutation RestCreateRoleBinding($input: CreateRoleBindingInput!) {
        createRoleBinding(input: $input) { ...RestRoleBinding }
      }
      ${fields}
    `,
    variables: ({ body: { role_ref, ...rest } }) => ({ input: { ...rest, role: role_ref } }),
    present: (binding: unknown) => binding,
    reply,
    refusals: [409],
  }),
  route({
    method: "GET",
    path: "/role-bindings/:id",
    tag,
    summary: "Get a role binding",
    params,
    document: /* GraphQL */ `
      query RestRoleBindingById($id: ID!) {
        roleBinding(id: $id) { ...RestRoleBinding }
      }
      ${fields}
    `,
    variables: (input) => input.params,
    present: (binding: unknown) => binding,
    reply,
  }),
  route({
    method: "DELETE",
    path: "/role-bindings/:id",
    tag,
    summary: "Take a role away from an account",
    params,
    document: /* GraphQL */ `
      mutation RestDeleteRoleBinding($id: ID!) {
        deleteRoleBinding(id: $id) { id }
      }
    `,
    variables: (input) => input.params,
    present: () => undefined,
    reply: { kind: "empty" },
    refusals: [409],
  }),
];
