import { z } from "zod";
import { moment } from "../../rest/fields.ts";
import { listRoute, type Route, route } from "../../rest/route.ts";
import { newUser, password, routesOfOne } from "./rest-account.ts";

const tag = "Service accounts";

const params = z.object({ id: z.string().meta({ description: "Id (UUID) or user name" }) });

const ServiceAccount = z
  .object({
    id: z.string().meta({ description: "UUID" }),
    user: z.string().meta({ description: "The name to log in with" }),
    space: z.string().nullable().meta({ description: "The space it was made for; that grants nothing by itself" }),
    description: z.string().nullable(),
    active: z.boolean().meta({ description: "Only an active account can log in" }),
    created_at: moment("Creation"),
    updated_at: moment("Last change"),
    last_login_at: moment("Last login").nullable(),
  })
  .meta({ id: "ServiceAccount" });

const example: z.input<typeof ServiceAccount> = {
  id: "550e8400-e29b-41d4-a716-446655440000",
  user: "api-user",
  space: null,
  description: "API access user",
  active: true,
  created_at: "2025-01-01T00:00:00.000Z",
  updated_at: "2025-01-01T00:00:00.000Z",
  last_login_at: null,
};

const reply = { kind: "json", schema: ServiceAccount, example } as const;

/** Selects the fields of document A, in its order. */
const fields = /* GraphQL */ `
  fragment RestServiceAccount on ServiceAccount {
    id
    user
    space
    description
    active
    created_at: createdAt
    updated_at: updatedAt
    last_login_at: lastLoginAt
  }
`;

/** Accounts that can log in (document A, "Service Accounts"). */
export const serviceAccountRoutes: readonly Route[] = [
  listRoute({
    path: "/service-accounts",
    tag,
    summary: "List all service accounts, the oldest first",
    document: /* GraphQL */ `
      query RestServiceAccounts($first: Int, $offset: Int) {
        serviceAccounts(first: $first, offset: $offset) { items: nodes { ...RestServiceAccount } total: totalCount }
      }
      ${fields}
    `,
    present: (account: unknown) => account,
    reply: {
      kind: "json",
      schema: z.array(ServiceAccount),
      example: [{ ...example, last_login_at: "2025-01-01T12:00:00.000Z" }],
    },
  }),
  route({
    method: "POST",
    path: "/service-accounts",
    tag,
    summary: "Create a service account, which may do nothing until a role is bound to it",
    body: z.object({
      user: newUser,
      pass: password,
      space: z.string().meta({ description: "The space it is made for" }).optional(),
      description: z.string().optional(),
    }),
    bodyExample: { user: "api-user", pass: "secure-password", description: "API access user" },
    document: /* GraphQL */ `
      mutation RestCreateServiceAccount($input: CreateServiceAccountInput!) {
        createServiceAccount(input: $input) { ...RestServiceAccount }
      }
      ${fields}
    `,
    variables: ({ body: { pass, ...rest } }) => ({ input: { ...rest, password: pass } }),
    present: (account: unknown) => account,
    reply,
    refusals: [409],
  }),
  route({
    method: "GET",
    path: "/service-accounts/:id",
    tag,
    summary: "Get a service account",
    params,
    document: /* GraphQL */ `
      query RestServiceAccountById($id: ID!) {
        serviceAccount(id: $id) { ...RestServiceAccount }
      }
      ${fields}
    `,
    variables: (input) => input.params,
    present: (account: unknown) => account,
    reply,
  }),
  route({
    method: "PUT",
    path: "/service-accounts/:id",
    tag,
    summary: "Change a service account; what is left out stays",
    params,
    body: z.object({
      space: z.string().optional(),
      description: z.string().optional(),
      active: z.boolean().meta({ description: "False ends all its tokens" }).optional(),
    }),
    bodyExample: { space: "production", description: "Updated description", active: true },
    document: /* GraphQL */ `
      mutation RestUpdateServiceAccount($id: ID!, $input: UpdateServiceAccountInput!) {
        updateServiceAccount(id: $id, input: $input) { ...RestServiceAccount }
      }
      ${fields}
    `,
    variables: (input) => ({ ...input.params, input: input.body }),
    present: (account: unknown) => account,
    reply: {
      ...reply,
      example: {
        ...example,
        space: "production",
        description: "Updated description",
        updated_at: "2025-01-01T12:00:00.000Z",
      },
    },
    refusals: [409],
  }),
  ...routesOfOne({ path: "/service-accounts/:id", params, tag, noun: "ServiceAccount" }),
];
