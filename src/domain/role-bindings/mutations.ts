import { builder } from "../../graphql/builder.ts";
import { bindingFor, requireBindings } from "./access.ts";
import { RoleBinding } from "./schema.ts";
import { createRoleBinding, deleteRoleBinding } from "./service.ts";

const CreateRoleBindingInput = builder.inputType("CreateRoleBindingInput", {
  description: "Who is to have which role, and where.",
  fields: (t) => ({
    subject: t.id({ required: true, description: "An account's user name or id." }),
    role: t.id({ required: true, description: "A role's name." }),
    space: t.id({ description: "The space it is limited to; default: everywhere." }),
  }),
});

const DeletedRoleBinding = builder.objectRef<{ id: string }>("DeletedRoleBinding").implement({
  description: "What is left of a deleted binding.",
  fields: (t) => ({ id: t.exposeID("id") }),
});

builder.mutationFields((t) => ({
  createRoleBinding: t.field({
    type: RoleBinding,
    description: "Gives an account a role, everywhere or in one space. Nobody can grant what they do not hold.",
    args: { input: t.arg({ type: CreateRoleBindingInput, required: true }) },
    resolve: (_root, { input }, context) =>
      createRoleBinding(context.gateway, requireBindings(context, "create"), input),
  }),
  deleteRoleBinding: t.field({
    type: DeletedRoleBinding,
    description: "Takes a role away from an account at once. The last active administrator keeps theirs.",
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, context) =>
      deleteRoleBinding(context.gateway, (await bindingFor(context, id, "delete")).id),
  }),
}));
