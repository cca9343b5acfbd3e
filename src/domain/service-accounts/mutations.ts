import { requirePrincipal } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import { accountFor, requireAccounts } from "./access.ts";
import { changePassword } from "./password.ts";
import { ServiceAccount } from "./schema.ts";
import { createServiceAccount, deleteServiceAccount, updateServiceAccount } from "./service.ts";

const CreateServiceAccountInput = builder.inputType("CreateServiceAccountInput", {
  description: "An account to be made.",
  fields: (t) => ({
    user: t.string({ required: true, description: "1 to 128 letters, digits and `._@+-`; the name to log in with." }),
    password: t.string({ required: true, description: "1 to 1024 bytes." }),
    space: t.id({ description: "The space it is made for; that grants nothing by itself." }),
    description: t.string(),
    active: t.boolean({ description: "Default: true." }),
  }),
});

const UpdateServiceAccountInput = builder.inputType("UpdateServiceAccountInput", {
  description: "What is left out stays as it is.",
  fields: (t) => ({
    space: t.id({ description: "Null clears it." }),
    description: t.string({ description: "Null clears it." }),
    active: t.boolean({ description: "False ends all its tokens; true does not bring them back." }),
  }),
});

const DeletedServiceAccount = builder.objectRef<{ id: string; user: string }>("DeletedServiceAccount").implement({
  description: "What is left of a deleted account.",
  fields: (t) => ({ id: t.exposeID("id"), user: t.exposeString("user") }),
});

builder.mutationFields((t) => {
  const id = t.arg.id({ required: true, description: "Id or user name." });
  return {
    createServiceAccount: t.field({
      type: ServiceAccount,
      description: "Makes an account that can log in, and may do nothing until a role is bound to it.",
      args: { input: t.arg({ type: CreateServiceAccountInput, required: true }) },
      resolve: (_root, { input: { user, password, space, description, active } }, context) => {
        requireAccounts(context, "create");
        const choices = { space: space ?? null, description: description ?? null, active: active ?? true };
        return createServiceAccount(context.gateway, context.auth, { user, password, ...choices });
      },
    }),
    updateServiceAccount: t.field({
      type: ServiceAccount,
      description: "Changes an account. The last active administrator cannot be deactivated.",
      args: { id, input: t.arg({ type: UpdateServiceAccountInput, required: true }) },
      resolve: async (_root, args, context) =>
        updateServiceAccount(context.gateway, (await accountFor(context, args.id, "update")).id, args.input),
    }),
    changePassword: t.field({
      type: ServiceAccount,
      description: "Gives an account another password and ends all its tokens.",
      args: {
        id,
        newPassword: t.arg.string({ required: true, description: "1 to 1024 bytes." }),
        currentPassword: t.arg.string({
          description: "Needed for one's own, without the permission `service-accounts:update`.",
        }),
      },
      resolve: (_root, { id: idOrUser, newPassword, currentPassword = null }, context) => {
        const change = { newPassword, currentPassword };
        return changePassword(context.gateway, context.auth, requirePrincipal(context), idOrUser, change);
      },
    }),
    deleteServiceAccount: t.field({
      type: DeletedServiceAccount,
      description: "Deletes an account with its role bindings. What it made stays. Not the last active administrator.",
      args: { id },
      resolve: async (_root, args, context) =>
        deleteServiceAccount(context.gateway, (await accountFor(context, args.id, "delete")).id),
    }),
  };
});
