import { z } from "zod";
import { moment, wordOf } from "../../rest/fields.ts";
import { listRoute, type Route, route } from "../../rest/route.ts";

const tag = "Roles";
const scopes = ["space", "global"] as const;

const params = z.object({ id: z.string().meta({ description: "Role name" }) });

const words = (description: string) => z.array(z.string()).meta({ description });
const rule = {
  resources: words("Such as `agents`; `*` is all"),
  verbs: words("Such as `create`; `*` is all, and `read` means `get`"),
};
const narrowing = {
  apiGroups: words("Kept as written; without effect").optional(),
  resourceNames: words("Only things of these names").optional(),
};

const NewRule = z
  .object({
    ...rule,
    scope: wordOf(scopes, "Default: global for what lives in no space").nullish(),
    apiGroups: narrowing.apiGroups.nullish(),
    resourceNames: narrowing.resourceNames.nullish(),
  })
  .meta({ id: "NewRule" });

const Role = z
  .object({
    id: z.string().meta({ description: "The same as the name" }),
    name: z.string(),
    description: z.string().nullable(),
    rules: z.array(z.object({ ...rule, scope: z.enum(scopes), ...narrowing }).meta({ id: "Rule" })),
    created_at: moment("Creation"),
  })
  .meta({ id: "Role" });

const example: z.input<typeof Role> = {
  id: "developer",
  name: "developer",
  description: "Developer role",
  rules: [{ resources: ["sessions", "messages"], verbs: ["get", "list", "create"], scope: "space", apiGroups: [""] }],
  created_at: "2025-01-01T00:00:00.000Z",
};

const reply = { kind: "json", schema: Role, example } as const;

/** Selects the fields of document A, in its order, with the name as `id` too. */
const fields = /* GraphQL */ `
  fragment RestRole on Role {
    id: name
    name
    description
    rules { resources verbs scope apiGroups resourceNames }
    created_at: createdAt
  }
`;

interface RoleData {
  readonly rules: readonly (Readonly<Record<string, unknown>> & { readonly scope: string })[];
}

/** A rule says only what was written in it, and its scope. */
const presentRole = (role: RoleData) => ({
  ...role,
  rules: role.rules.map((one) => ({
    ...Object.fromEntries(Object.entries(one).filter(([, value]) => value !== null)),
    scope: one.scope.toLowerCase(),
  })),
});

/** Roles (document A, "Roles"). */
export const roleRoutes: readonly Route[] = [
  listRoute({
    path: "/roles",
    tag,
    summary: "List all roles with their rules, the oldest first",
    document: /* GraphQL */ `
      query RestRoles($first: Int, $offset: Int) {
        roles(first: $first, offset: $offset) { items: nodes { ...RestRole } total: totalCount }
      }
      ${fields}
    `,
    present: presentRole,
    reply: { kind: "json", schema: z.array(Role), example: [example] },
  }),
  route({
    method: "POST",
    path: "/roles",
    tag,
    summary: "Create a role, which can grant nothing that its creator does not hold",
    body: z
      .object({
        id: z.string().meta({ description: "The name: 1 to 128 letters, digits and `._:-`" }).optional(),
        name: z.string().meta({ description: "The same, under its other key" }).optional(),
        description: z.string().optional(),
        rules: z.array(NewRule),
      })
      .refine(({ id, name }) => (id ?? name) !== undefined, { path: ["name"], message: 'or "id" is required' })
      .refine(({ id, name }) => id === name || id === undefined || name === undefined, {
        path: ["name"],
        message: 'must be the same as "id"',
      }),
    bodyExample: {
      id: "developer",
      description: "Developer role",
      rules: [{ apiGroups: [""], resources: ["sessions", "messages"], verbs: ["get", "list", "create"] }],
    },
    document: /* GraphQL */ `
      mutation RestCreateRole($input: CreateRoleInput!) {
        createRole(input: $input) { ...RestRole }
      }
      ${fields}
    `,
    variables: ({ body: { id, name, description, rules } }) => ({
      input: {
        name: name ?? id,
        description,
        rules: rules.map(({ scope, ...one }) => ({ ...one, ...inGraphql(scope) })),
      },
    }),
    present: presentRole,
    reply,
    refusals: [409],
  }),
  route({
    method: "GET",
    path: "/roles/:id",
    tag,
    summary: "Get a role",
    params,
    document: /* GraphQL */ `
      query RestRoleByName($id: ID!) {
        role(name: $id) { ...RestRole }
      }
      ${fields}
    `,
    variables: (input) => input.params,
    present: presentRole,
    reply,
  }),
  route({
    method: "DELETE",
    path: "/roles/:id",
    tag,
    summary: "Delete a role with its bindings",
    params,
    document: /* GraphQL */ `
      mutation RestDeleteRole($id: ID!) {
        deleteRole(name: $id) { name }
      }
    `,
    variables: (input) => input.params,
    present: () => undefined,
    reply: { kind: "empty" },
    refusals: [409],
  }),
];

const inGraphql = (scope: string | null | undefined) => (scope == null ? {} : { scope: scope.toUpperCase() });
