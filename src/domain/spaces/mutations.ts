import { requireAccount, requireAllowed } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import { spaceFor } from "./access.ts";
import { Space } from "./schema.ts";
import { createSpace, deleteSpace, updateSpace } from "./service.ts";
import { settingsInWords } from "./settings.ts";

const settings = `A JSON object. ${settingsInWords}.`;

const CreateSpaceInput = builder.inputType("CreateSpaceInput", {
  description: "A new space, with nothing in it.",
  fields: (t) => ({
    name: t.string({
      required: true,
      description: "1 to 63 small letters and digits, with single `-` or `_` between.",
    }),
    description: t.string(),
    settings: t.field({ type: "JSON", description: settings }),
    active: t.boolean({ description: "Default: true." }),
  }),
});

const UpdateSpaceInput = builder.inputType("UpdateSpaceInput", {
  description: "What is left out stays as it is.",
  fields: (t) => ({
    description: t.string(),
    settings: t.field({ type: "JSON", description: "Replaces all of them." }),
    active: t.boolean({ description: "What runs goes on; nothing new can be started in an inactive space." }),
  }),
});

const DeletedSpace = builder.objectRef<{ name: string }>("DeletedSpace").implement({
  description: "What is left of a deleted space.",
  fields: (t) => ({ name: t.exposeID("name") }),
});

builder.mutationFields((t) => ({
  createSpace: t.field({
    type: Space,
    description: "Makes a space. For administrators.",
    args: { input: t.arg({ type: CreateSpaceInput, required: true }) },
    resolve: (_root, { input }, context) => {
      requireAccount(context);
      requireAllowed(context, "create", "spaces", { space: input.name }, { kind: "Space", name: input.name });
      return createSpace(context.gateway, input);
    },
  }),
  updateSpace: t.field({
    type: Space,
    description: "Changes a space. For administrators.",
    args: { name: t.arg.id({ required: true }), input: t.arg({ type: UpdateSpaceInput, required: true }) },
    resolve: async (_root, { name, input }, context) => {
      await spaceFor(context, name, "update");
      return updateSpace(context.gateway, name, input);
    },
  }),
  deleteSpace: t.field({
    type: DeletedSpace,
    description:
      "Deletes a space with all that is in it: agents, sessions, secrets, containers, volumes. For administrators.",
    args: { name: t.arg.id({ required: true }) },
    resolve: async (_root, { name }, context) => {
      await spaceFor(context, name, "delete");
      return deleteSpace(context.gateway, name);
    },
  }),
}));
