import { builder } from "../../graphql/builder.ts";
import { connectionArgs, connectionCost, readPage } from "../../graphql/connection.ts";
import type { Context } from "../../graphql/context.ts";
import type { Secret as SecretRow } from "../../store/generated/client/client.ts";
import { requireSecrets, secretFor } from "./access.ts";
import { openSecret, spaceOwner } from "./owned.ts";
import { Secret, SecretConnection, type ShownSecret, withoutValue } from "./schema.ts";

const needed = "needs the permission `secrets:read-values`, and is FORBIDDEN without it";

builder.queryFields((t) => ({
  secret: t.field({
    type: Secret,
    nullable: true,
    description: "A space's secret. An error with code NOT_FOUND when there is none.",
    args: {
      space: t.arg.id({ required: true }),
      key: t.arg.id({ required: true, description: "The environment variable." }),
      showValue: t.arg.boolean({ description: `With its value: ${needed}.` }),
    },
    resolve: async (_root, { space, key, showValue }, context) => {
      const secret = await secretFor(context, space, key, "get");
      if (!showValue) return withoutValue(secret);
      await secretFor(context, space, key, "read-values");
      return withValue(context, secret);
    },
  }),
  secrets: t.field({
    type: SecretConnection,
    complexity: connectionCost,
    description: "The secrets of a space, the oldest first; not those of its agents.",
    args: {
      space: t.arg.id({ required: true }),
      showValues: t.arg.boolean({ description: `With their values: ${needed}.` }),
      ...connectionArgs,
    },
    resolve: async (_root, { space, showValues, ...page }, context) => {
      await requireSecrets(context, space, "list");
      if (showValues) await requireSecrets(context, space, "read-values");
      const { secret } = context.gateway.store;
      const where = { ownerKind: "SPACE", ownerId: space } as const;
      const show = showValues ? (row: SecretRow) => withValue(context, row) : withoutValue;
      return readPage(
        page,
        async ({ after, ...window }) =>
          (await secret.findMany({ ...window, where: { AND: [where, after] } })).map((row) => show(row)),
        () => secret.count({ where }),
      );
    },
  }),
}));

const withValue = ({ gateway }: Context, secret: SecretRow): ShownSecret => ({
  ...secret,
  value: openSecret(gateway, spaceOwner(secret.space), secret),
});
