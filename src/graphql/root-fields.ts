import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
} from "graphql";
import type { Context } from "./context.ts";

type Check = (...call: Parameters<GraphQLFieldResolver<unknown, Context>>) => void | Promise<void>;

/**
 * Puts in front of every mutation what holds for all of them, whatever transport the call came by: each is counted
 * against its caller, aliases one by one, refused ones too.
 */
export function guardRootFields(schema: GraphQLSchema): GraphQLSchema {
  for (const field of fieldsOf(schema.getMutationType())) {
    field.resolve = after(countMutation, field.resolve ?? defaultFieldResolver);
  }
  return schema;
}

const fieldsOf = (type: GraphQLObjectType | null | undefined): GraphQLField<unknown, Context>[] =>
  Object.values(type?.getFields() ?? {});

const after =
  (check: Check, resolve: GraphQLFieldResolver<unknown, Context>): GraphQLFieldResolver<unknown, Context> =>
  async (...call) => {
    await check(...call);
    return resolve(...call);
  };

/** Nobody in particular is counted by address. */
const countMutation: Check = (_root, _args, { auth, principal, address }) =>
  auth.limits.spendMutation(principal ? `user:${principal.user}` : `address:${address ?? "unknown"}`);
