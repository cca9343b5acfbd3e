import type { Rule as RuleShape } from "../../auth/rules.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";
import { rulesOf } from "./role.ts";

export const RuleScope = builder.enumType("RuleScope", {
  description: "How far a rule reaches.",
  values: {
    SPACE: { value: "space", description: "What lives in the space that the role is bound to, or in any." },
    GLOBAL: { value: "global", description: "Also what lives in no space, when the role is bound everywhere." },
  } as const,
});

const Rule = builder.objectRef<RuleShape>("Rule").implement({
  description: "Grants every one of its verbs on every one of its resources.",
  fields: (t) => ({
    resources: t.exposeStringList("resources", { description: "Such as `agents`; `*` is all." }),
    verbs: t.exposeStringList("verbs", { description: "Such as `create`; `*` is all, and `read` means `get`." }),
    scope: t.expose("scope", { type: RuleScope, description: "How far it reaches." }),
    apiGroups: t.exposeStringList("apiGroups", { nullable: true, description: "Kept as written; without effect." }),
    resourceNames: t.exposeStringList("resourceNames", { nullable: true, description: "Only things of these names." }),
  }),
});

export const Role = builder.prismaObject("Role", {
  fields: (t) => ({
    name: t.exposeID("name"),
    description: t.exposeString("description", { nullable: true }),
    rules: t.field({ type: [Rule], description: "What it grants, in the words it was written in.", resolve: rulesOf }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
  }),
});

export const RoleConnection = connectionOf("Role", Role);
