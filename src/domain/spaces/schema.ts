import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";

export const Space = builder.prismaObject("Space", {
  description: "Where agents and secrets live, and what roles can be limited to. The space `default` is always there.",
  extensions: { isRemembered: true },
  fields: (t) => ({
    name: t.exposeID("name"),
    description: t.exposeString("description", { nullable: true }),
    settings: t.expose("settings", { type: "JSON", description: "A JSON object; see `CreateSpaceInput`." }),
    active: t.exposeBoolean("active", { description: "Nothing new can be started in an inactive space." }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
  }),
});

export const SpaceConnection = connectionOf("Space", Space);
