import { queryFromInfo } from "@pothos/plugin-prisma";
import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, connectionPaths, readPage } from "../../graphql/connection.ts";
import { accountFor, requireAccounts } from "./access.ts";
import { ServiceAccount, ServiceAccountConnection } from "./schema.ts";

builder.queryFields((t) => ({
  serviceAccount: t.field({
    type: ServiceAccount,
    nullable: true,
    description: "An account by its id or its user name. An error with code NOT_FOUND when there is none.",
    args: { id: t.arg.id({ required: true, description: "Id or user name." }) },
    resolve: (_root, { id }, context) => accountFor(context, id, "get"),
  }),
  serviceAccounts: t.field({
    type: ServiceAccountConnection,
    complexity: connectionCost,
    description: "All accounts, the oldest first.",
    args: connectionArgs,
    resolve: (_root, page, context, info) => {
      requireAccounts(context, "list");
      const { store } = context.gateway;
      const query = queryFromInfo({ context, info, paths: connectionPaths });
      return readPage(
        page,
        ({ after, ...window }) => store.serviceAccount.findMany({ ...query, ...window, where: after }),
        () => store.serviceAccount.count(),
      );
    },
  }),
}));
