import { requireAccount } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import { buildFor, requireBuilds } from "./access.ts";
import { buildSpace, cancelBuild } from "./order.ts";
import { Build } from "./schema.ts";

builder.mutationFields((t) => ({
  buildSpace: t.field({
    type: Build,
    description:
      "Orders a build of the space's image; it goes on by itself. One that still waits is answered again. Builds are " +
      "also ordered when agents of the space are added, changed or deleted.",
    args: { space: t.arg.id({ required: true }) },
    resolve: async (_root, { space }, context) => {
      requireAccount(context);
      await requireBuilds(context, space, "create");
      return buildSpace(context.gateway, space);
    },
  }),
  cancelBuild: t.field({
    type: Build,
    description: "Ends a build that waits or runs; the space keeps the image it has. CONFLICT when it has ended.",
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, context) => {
      await buildFor(context, id, "update");
      return cancelBuild(context.gateway, id);
    },
  }),
}));
