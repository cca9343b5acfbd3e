import { z } from "zod";
import { moment } from "../../rest/fields.ts";
import { type Route, route } from "../../rest/route.ts";

const tag = "Authentication";

const roles = z.array(z.string()).meta({ description: "The names of all roles bound to the account" });
const user = z.string().meta({ description: "Principal name" });

/** What a login answers. */
export const tokenReply = {
  kind: "json",
  schema: z
    .object({
      token: z.string().meta({ description: "JWT" }),
      token_type: z.literal("Bearer"),
      expires_at: moment("When the token ends"),
      user,
      role: z.enum(["admin", "user"]),
    })
    .meta({ id: "Token" }),
  example: {
    token: "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
    token_type: "Bearer",
    expires_at: "2025-01-02T12:00:00.000Z",
    user: "admin",
    role: "admin",
  },
} as const;

/** Login and the caller's own profile (documents A and C, "Authentication"). */
export const accountRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/auth/login",
    tag,
    access: "public",
    summary: "Exchange user name and password for a token of 24 hours",
    body: z.object({ user: z.string(), pass: z.string() }),
    bodyExample: { user: "admin", pass: "admin" },
    document: /* GraphQL */ `
      mutation RestLogin($user: String!, $password: String!) {
        login(user: $user, password: $password) { token token_type: tokenType expires_at: expiresAt user role }
      }
    `,
    variables: ({ body }) => ({ user: body.user, password: body.pass }),
    present: (token: unknown) => token,
    reply: tokenReply,
  }),
  route({
    method: "GET",
    path: "/auth",
    tag,
    summary: "The caller's profile; shows that the token is good",
    document: /* GraphQL */ `
      query RestAuth {
        me { user isAdmin roles }
      }
    `,
    present: ({ isAdmin, ...me }: { user: string; isAdmin: boolean; roles: readonly string[] }) => ({
      user: me.user,
      type: isAdmin ? "Admin" : "User",
      roles: me.roles,
    }),
    reply: {
      kind: "json",
      schema: z.object({ user, type: z.enum(["Admin", "User"]), roles }).meta({ id: "AuthProfile" }),
      example: { user: "admin", type: "Admin", roles: ["admin"] },
    },
  }),
  route({
    method: "GET",
    path: "/auth/me",
    tag,
    summary: "Who the token belongs to",
    document: /* GraphQL */ `
      query RestMe {
        me { user account { space } type roles }
      }
    `,
    present: ({
      account,
      ...me
    }: {
      user: string;
      account: { space: string | null } | null;
      type: string;
      roles: readonly string[];
    }) => ({
      user: me.user,
      namespace: account?.space ?? null,
      type: me.type,
      roles: me.roles,
    }),
    reply: {
      kind: "json",
      schema: z
        .object({
          user,
          namespace: z.string().nullable().meta({ description: "The space the account belongs to" }),
          type: z.enum(["ServiceAccount", "Worker"]),
          roles,
        })
        .meta({ id: "Me" }),
      example: { user: "admin", namespace: null, type: "ServiceAccount", roles: ["admin"] },
    },
  }),
];
