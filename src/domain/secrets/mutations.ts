import { requireAccount } from "../../graphql/authorize.ts";
import { builder } from "../../graphql/builder.ts";
import { requireSecrets, secretFor } from "./access.ts";
import { Secret, withoutValue } from "./schema.ts";
import { createSecret, deleteSecret, setSecret, updateSecret } from "./service.ts";

const SecretInput = builder.inputType("SecretInput", {
  description: "A secret with its value, which no answer repeats.",
  fields: (t) => ({
    space: t.id({ required: true }),
    key: t.string({ required: true, description: "A letter or `_`, then letters, digits and `_`; 128 at the most." }),
    value: t.string({ required: true, description: "64 KiB at the most." }),
    description: t.string(),
  }),
});

const UpdateSecretInput = builder.inputType("UpdateSecretInput", {
  description: "What is left out stays as it is.",
  fields: (t) => ({ value: t.string({ description: "64 KiB at the most." }), description: t.string() }),
});

const DeletedSecret = builder.objectRef<{ space: string; keyName: string }>("DeletedSecret").implement({
  description: "What is left of a deleted secret.",
  fields: (t) => ({
    space: t.exposeID("space"),
    key: t.exposeID("keyName", { description: "The environment variable; a new secret may have this key." }),
  }),
});

builder.mutationFields((t) => {
  const place = {
    space: t.arg.id({ required: true }),
    key: t.arg.id({ required: true, description: "The environment variable." }),
  };
  const whole = { input: t.arg({ type: SecretInput, required: true }) };
  return {
    setSecret: t.field({
      type: Secret,
      description: "Adds a secret to a space, or replaces the one of that key. The answer is without the value.",
      args: whole,
      resolve: async (_root, { input }, context) => {
        requireAccount(context);
        for (const verb of ["create", "update"] as const) await requireSecrets(context, input.space, verb, input.key);
        return withoutValue(await setSecret(context.gateway, input));
      },
    }),
    createSecret: t.field({
      type: Secret,
      description: "Adds a secret to a space; CONFLICT when the key is taken. The answer is without the value.",
      args: whole,
      resolve: async (_root, { input }, context) => {
        requireAccount(context);
        await requireSecrets(context, input.space, "create", input.key);
        return withoutValue(await createSecret(context.gateway, input));
      },
    }),
    updateSecret: t.field({
      type: Secret,
      description: "Changes the value or the description of a space's secret. The answer is without the value.",
      args: { ...place, input: t.arg({ type: UpdateSecretInput, required: true }) },
      resolve: async (_root, { space, key, input }, context) => {
        await secretFor(context, space, key, "update");
        return withoutValue(await updateSecret(context.gateway, space, key, input));
      },
    }),
    deleteSecret: t.field({
      type: DeletedSecret,
      description: "Deletes a space's secret.",
      args: place,
      resolve: async (_root, { space, key }, context) => {
        await secretFor(context, space, key, "delete");
        return deleteSecret(context.gateway, space, key);
      },
    }),
  };
});
