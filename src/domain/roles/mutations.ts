import { builder } from "../../graphql/builder.ts";
import { requireRoles, roleFor } from "./access.ts";
import { Role, RuleScope } from "./schema.ts";
import { createRole, deleteRole } from "./service.ts";

const RuleInput = builder.inputType("RuleInput", {
  description: "Grants every one of its verbs on every one of its resources.",
  fields: (t) => ({
    resources: t.stringList({ required: true, description: "Such as `agents`; `*` is all." }),
    verbs: t.stringList({ required: true, description: "Such as `create`; `*` is all, and `read` means `get`." }),
    scope: t.field({ type: RuleScope, description: "Default: GLOBAL for what lives in no space, else SPACE." }),
    apiGroups: t.stringList({ description: "Kept as written; without effect." }),
    resourceNames: t.stringList({ description: "Only things of these names." }),
  }),
});

const CreateRoleInput = builder.inputType("CreateRoleInput", {
  description: "A role to be made.",
  fields: (t) => ({
    name: t.string({ required: true, description: "1 to 128 letters, digits and `._:-`." }),
    description: t.string(),
    rules: t.field({ type: [RuleInput], required: true, description: "What it grants; 100 at the most." }),
  }),
});

const DeletedRole = builder.objectRef<{ name: string }>("DeletedRole").implement({
  description: "What is left of a deleted role.",
  fields: (t) => ({ name: t.exposeID("name") }),
});

builder.mutationFields((t) => ({
  createRole: t.field({
    type: Role,
    description: "Makes a role, which can grant nothing that its creator does not hold.",
    args: { input: t.arg({ type: CreateRoleInput, required: true }) },
    resolve: (_root, { input }, context) => createRole(context.gateway, requireRoles(context, "create"), input),
  }),
  deleteRole: t.field({
    type: DeletedRole,
    description: "Deletes a role with its bindings. The role `admin` stays.",
    args: { name: t.arg.id({ required: true }) },
    resolve: async (_root, { name }, context) =>
      deleteRole(context.gateway, (await roleFor(context, name, "delete")).name),
  }),
}));
