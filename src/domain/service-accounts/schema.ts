import { holdsAll, isAllowed } from "../../auth/policy.ts";
import type { Principal } from "../../auth/principal.ts";
import type { IssuedToken } from "../../auth/tokens.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import type { ServiceAccount as AccountRow } from "../../store/generated/client/client.ts";
import { inOrderOf } from "../../store/nested-pages.ts";
import { login } from "./login.ts";

/** Whether the caller may see an account: their own, or with the permission. */
const maySeeAccount = (principal: Principal | null, id: string): boolean =>
  (principal?.kind === "account" && principal.id === id) ||
  isAllowed(principal, "get", "service-accounts", { space: null });

export const ServiceAccount = builder.prismaObject("ServiceAccount", {
  fields: (t) => ({
    id: t.exposeID("id"),
    user: t.exposeString("user"),
    space: t.exposeString("space", { nullable: true }),
    description: t.exposeString("description", { nullable: true }),
    active: t.exposeBoolean("active"),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
    lastLoginAt: t.expose("lastLoginAt", { type: "DateTime", nullable: true }),
  }),
});

export const ServiceAccountConnection = connectionOf("ServiceAccount", ServiceAccount);

/** The account of that id, for those who may see it; those of one call are read together. It is not remembered. */
export function shownAccount(context: Context, id: string | null): Promise<AccountRow | null> | null {
  if (id === null || !maySeeAccount(context.principal, id)) return null;
  const { store } = context.gateway;
  return context
    .loader("accounts", async (ids: readonly string[]) =>
      inOrderOf(ids, await store.serviceAccount.findMany({ where: { id: { in: [...ids] } } })),
    )
    .load(id);
}

/** A token with whose it is. */
export interface TokenShape extends IssuedToken {
  readonly user: string;
  readonly role: "admin" | "user";
}

export const Token = builder.objectRef<TokenShape>("Token").implement({
  description:
    'A token, to be sent as `Authorization: Bearer …`, and in a socket\'s `connection_init` as "authorization".',
  fields: (t) => ({
    token: t.exposeString("token"),
    tokenType: t.string({ description: "Always `Bearer`.", resolve: () => "Bearer" }),
    expiresAt: t.expose("expiresAt", { type: "DateTime" }),
    user: t.exposeString("user"),
    role: t.exposeString("role", { description: "`admin` when a global binding grants everything, else `user`." }),
  }),
});

const PrincipalType = builder.objectRef<Principal>("Principal").implement({
  description: "Who is calling.",
  fields: (t) => ({
    user: t.exposeString("user"),
    type: t.string({
      description: "`ServiceAccount`, or `Worker` for a token that is bound to one agent.",
      resolve: ({ kind }) => (kind === "account" ? "ServiceAccount" : "Worker"),
    }),
    isAdmin: t.boolean({
      description: "True when a global binding grants everything.",
      resolve: (principal) => principal.kind === "account" && holdsAll(principal),
    }),
    account: t.prismaField({
      type: "ServiceAccount",
      nullable: true,
      description: "Who logged in; null for a worker.",
      resolve: (query, principal, _args, { gateway }) =>
        principal.kind === "account"
          ? gateway.store.serviceAccount.findUnique({ ...query, where: { id: principal.id } })
          : null,
    }),
    roles: t.stringList({
      description: "The names of all roles bound to it, wherever.",
      resolve: (principal) => (principal.kind === "account" ? [...principal.roles] : []),
    }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", description: "When the token ends." }),
  }),
});

builder.queryField("me", (t) =>
  t.field({
    type: PrincipalType,
    nullable: true,
    extensions: { isPublic: true },
    description: "Who the token belongs to; null without a good one.",
    resolve: (_root, _args, { principal }) => principal,
  }),
);

builder.mutationField("login", (t) =>
  t.field({
    type: Token,
    extensions: { isPublic: true },
    description: "Exchanges user name and password for a token of 24 hours.",
    args: { user: t.arg.string({ required: true }), password: t.arg.string({ required: true }) },
    resolve: (_root, { user, password }, { gateway, auth, address }) =>
      login(gateway, auth, { user, password, address }),
  }),
);
