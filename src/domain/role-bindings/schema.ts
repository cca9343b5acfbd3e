import { isAllowed } from "../../auth/policy.ts";
import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";
import { Role } from "../roles/schema.ts";

export const RoleBinding = builder.prismaObject("RoleBinding", {
  fields: (t) => ({
    id: t.exposeID("id"),
    subject: t.exposeString("subject"),
    roleName: t.exposeString("roleName", { description: "The name of the role that it gives." }),
    role: t.field({
      type: Role,
      nullable: true,
      description: "Null when it is hidden from the caller.",
      select: (_args, _context, nested) => ({ role: nested() }),
      resolve: ({ role }, _args, { principal }) =>
        isAllowed(principal, "get", "roles", { space: null, name: role.name }) ? role : null,
    }),
    space: t.exposeID("space", { nullable: true }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
  }),
});

export const RoleBindingConnection = connectionOf("RoleBinding", RoleBinding);
