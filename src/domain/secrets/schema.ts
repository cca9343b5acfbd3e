import { builder } from "../../graphql/builder.ts";
import { connectionOf } from "../../graphql/connection.ts";
import type { Secret as SecretRow } from "../../store/generated/client/client.ts";

/** A secret as a caller sees it: with its value only when that was asked for and permitted. */
export interface ShownSecret extends SecretRow {
  readonly value: string | null;
}

export const Secret = builder.objectRef<ShownSecret>("Secret").implement({
  description: "A value that the commands of a space's agents find in their environment. It is stored sealed.",
  fields: (t) => ({
    space: t.exposeID("space", { description: "The name of the space." }),
    key: t.exposeID("keyName", { description: "The name of the environment variable." }),
    value: t.exposeString("value", { nullable: true, description: "Null unless it was asked for by `showValue`." }),
    description: t.exposeString("description", { nullable: true }),
    createdBy: t.exposeString("createdBy", { nullable: true, description: "The user name of who made it." }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
  }),
});

/** A secret without its value. */
export const withoutValue = (secret: SecretRow): ShownSecret => ({ ...secret, value: null });

export const SecretConnection = connectionOf("Secret", Secret);
