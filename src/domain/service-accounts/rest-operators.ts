import { z } from "zod";
import { moment } from "../../rest/fields.ts";
import { listRoute, type Route, route } from "../../rest/route.ts";
import { newUser, password, routesOfOne } from "./rest-account.ts";
import { tokenReply } from "./rest.ts";

const tag = "Operators";

const params = z.object({ name: z.string().meta({ description: "User name" }) });

const Operator = z
  .object({
    user: z.string().meta({ description: "The name to log in with" }),
    description: z.string().nullable(),
    active: z.boolean().meta({ description: "Only an active account can log in" }),
    created_at: moment("Creation"),
    updated_at: moment("Last change"),
    last_login_at: moment("Last login").nullable(),
  })
  .meta({ id: "Operator" });

const example: z.input<typeof Operator> = {
  user: "ada",
  description: "On call",
  active: true,
  created_at: "2025-01-01T12:00:00.000Z",
  updated_at: "2025-01-01T12:00:00.000Z",
  last_login_at: null,
};

const reply = { kind: "json", schema: Operator, example } as const;

/** Selects the fields of document C, in its order. */
const fields = /* GraphQL */ `
  fragment RestOperator on ServiceAccount {
    user
    description
    active
    created_at: createdAt
    updated_at: updatedAt
    last_login_at: lastLoginAt
  }
`;

/** The service accounts by their user names (document C, "Operator Object"). */
export const operatorRoutes: readonly Route[] = [
  listRoute({
    path: "/operators",
    tag,
    summary: "List all operators, the oldest first",
    document: /* GraphQL */ `
      query RestOperators($first: Int, $offset: Int) {
        serviceAccounts(first: $first, offset: $offset) { items: nodes { ...RestOperator } total: totalCount }
      }
      ${fields}
    `,
    present: (operator: unknown) => operator,
    reply: { kind: "json", schema: z.array(Operator), example: [example] },
  }),
  route({
    method: "POST",
    path: "/operators",
    tag,
    summary: "Create an operator, who may do nothing until a role is bound",
    body: z.object({
      user: newUser,
      pass: password,
      description: z.string().optional(),
      active: z.boolean().meta({ description: "Default: true" }).optional(),
    }),
    bodyExample: { user: "ada", pass: "secure-password", description: "On call" },
    document: /* GraphQL */ `
      mutation RestCreateOperator($input: CreateServiceAccountInput!) {
        createServiceAccount(input: $input) { ...RestOperator }
      }
      ${fields}
    `,
    variables: ({ body: { pass, ...rest } }) => ({ input: { ...rest, password: pass } }),
    present: (operator: unknown) => operator,
    reply,
    refusals: [409],
  }),
  route({
    method: "GET",
    path: "/operators/:name",
    tag,
    summary: "Get an operator",
    params,
    document: /* GraphQL */ `
      query RestOperatorByName($name: ID!) {
        serviceAccount(id: $name) { ...RestOperator }
      }
      ${fields}
    `,
    variables: (input) => input.params,
    present: (operator: unknown) => operator,
    reply,
  }),
  route({
    method: "PUT",
    path: "/operators/:name",
    tag,
    summary: "Change an operator; what is left out stays",
    params,
    body: z.object({
      description: z.string().optional(),
      active: z.boolean().meta({ description: "False ends all tokens" }).optional(),
    }),
    bodyExample: { description: "Off call", active: true },
    document: /* GraphQL */ `
      mutation RestUpdateOperator($name: ID!, $input: UpdateServiceAccountInput!) {
        updateServiceAccount(id: $name, input: $input) { ...RestOperator }
      }
      ${fields}
    `,
    variables: (input) => ({ ...input.params, input: input.body }),
    present: (operator: unknown) => operator,
    reply: { ...reply, example: { ...example, description: "Off call" } },
    refusals: [409],
  }),
  ...routesOfOne({ path: "/operators/:name", params, tag, noun: "Operator" }),
  route({
    method: "POST",
    path: "/operators/:name/login",
    tag,
    access: "public",
    summary: "Exchange a password for a token of 24 hours",
    params,
    body: z.object({ pass: z.string() }),
    bodyExample: { pass: "admin" },
    document: /* GraphQL */ `
      mutation RestOperatorLogin($name: String!, $password: String!) {
        login(user: $name, password: $password) { token token_type: tokenType expires_at: expiresAt user role }
      }
    `,
    variables: (input) => ({ ...input.params, password: input.body.pass }),
    present: (token: unknown) => token,
    reply: tokenReply,
  }),
];
