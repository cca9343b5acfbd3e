import { queryFromInfo } from "@pothos/plugin-prisma";
import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, connectionPaths, readPage } from "../../graphql/connection.ts";
import { bindingFor, requireBindings } from "./access.ts";
import { RoleBinding, RoleBindingConnection } from "./schema.ts";

builder.queryFields((t) => ({
  roleBinding: t.field({
    type: RoleBinding,
    nullable: true,
    description: "The binding of that id. An error with code NOT_FOUND when there is none.",
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) => bindingFor(context, id, "get"),
  }),
  roleBindings: t.field({
    type: RoleBindingConnection,
    complexity: connectionCost,
    description: "Who has which role where, the oldest first.",
    args: connectionArgs,
    resolve: (_root, page, context, info) => {
      requireBindings(context, "list");
      const { store } = context.gateway;
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      return readPage(
        page,
        ({ after, ...window }) => store.roleBinding.findMany({ ...query, ...window, where: after }),
        () => store.roleBinding.count(),
      );
    },
  }),
}));
