import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, readPage } from "../../graphql/connection.ts";
import { requireRoles, roleFor } from "./access.ts";
import { Role, RoleConnection } from "./schema.ts";

builder.queryFields((t) => ({
  role: t.field({
    type: Role,
    nullable: true,
    description: "The role of that name. An error with code NOT_FOUND when there is none.",
    args: { name: t.arg.id({ required: true }) },
    resolve: (_root, { name }, context) => roleFor(context, name, "get"),
  }),
  roles: t.field({
    type: RoleConnection,
    complexity: connectionCost,
    description: "All roles, the oldest first.",
    args: connectionArgs,
    resolve: (_root, page, context) => {
      requireRoles(context, "list");
      const { store } = context.gateway;
      return readPage(
        page,
        ({ after, ...window }) => store.role.findMany({ ...window, where: after }),
        () => store.role.count(),
        "name",
      );
    },
  }),
}));
