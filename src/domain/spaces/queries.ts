import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, readPage } from "../../graphql/connection.ts";
import { rememberedList, remembered } from "../../graphql/remembered.ts";
import { listedSpaces, spaceFor } from "./access.ts";
import { spaceCounts, spaceLists } from "./remembered.ts";
import { Space, SpaceConnection } from "./schema.ts";

const SpaceFilter = builder.inputType("SpaceFilter", {
  description: "Which spaces; every condition must hold.",
  fields: (t) => ({ active: t.boolean({ description: "Active ones, or inactive ones." }) }),
});

builder.queryFields((t) => ({
  space: t.field({
    type: Space,
    nullable: true,
    description: "The space of that name. An error with code NOT_FOUND when there is none.",
    args: { name: t.arg.id({ required: true }) },
    resolve: (_root, { name }, context) => spaceFor(context, name, "get"),
  }),
  spaces: t.field({
    type: SpaceConnection,
    complexity: connectionCost,
    description: "The spaces that the caller may see, the oldest first.",
    args: { filter: t.arg({ type: SpaceFilter }), ...connectionArgs },
    resolve: (_root, { filter, ...page }, context) => {
      const { principal, gateway } = context;
      const { store } = gateway;
      const where = { AND: [listedSpaces(principal), filter?.active == null ? {} : { active: filter.active }] };
      return readPage(
        page,
        ({ after, ...window }) =>
          rememberedList(context, spaceLists, { where, page }, () =>
            store.space.findMany({ ...window, where: { AND: [where, after] } }),
          ),
        () => remembered(context, spaceCounts, where, () => store.space.count({ where })),
        "name",
      );
    },
  }),
}));
