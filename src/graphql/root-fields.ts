import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
} from "graphql";
import { requirePrincipal } from "./authorize.ts";
import type { Context } from "./context.ts";

type Resolver = GraphQLFieldResolver<unknown, Context>;

/**
 * Puts in front of every root field what holds for all of its kind, whatever transport the call came by: who is not
 * signed in is refused unless the field is public, and each mutation is counted against its caller, aliases one by
 * one, refused ones too.
 */
export function guardRootFields(schema: GraphQLSchema): GraphQLSchema {
  for (const field of fieldsOf(schema.getQueryType())) field.resolve = admitted(field, resolverOf(field));
  for (const field of fieldsOf(schema.getMutationType())) field.resolve = counted(admitted(field, resolverOf(field)));
  for (const field of fieldsOf(schema.getSubscriptionType())) {
    if (field.subscribe) field.subscribe = admitted(field, field.subscribe);
  }
  return schema;
}

const fieldsOf = (type: GraphQLObjectType | null | undefined): GraphQLField<unknown, Context>[] =>
  Object.values(type?.getFields() ?? {});

const resolverOf = ({ resolve }: GraphQLField<unknown, Context>): Resolver => resolve ?? defaultFieldResolver;

/** At once, so that what needs no waiting needs none. */
const admitted = (field: GraphQLField<unknown, Context>, resolve: Resolver): Resolver =>
  isPublic(field)
    ? resolve
    : (root, args, context, info) => {
        requirePrincipal(context);
        return resolve(root, args, context, info);
      };

/** True for a root field that also answers callers without a token: one defined with `extensions: { isPublic: true }`. */
export const isPublic = ({ extensions }: Pick<GraphQLField<unknown, Context>, "extensions">): boolean =>
  extensions["isPublic"] === true;

const counted =
  (resolve: Resolver): Resolver =>
  async (root, args, context, info) => {
    await countMutation(context);
    return resolve(root, args, context, info);
  };

/** Nobody in particular is counted by address. */
const countMutation = ({ auth, principal, address }: Context): Promise<void> =>
  auth.limits.spendMutation(principal ? `user:${principal.user}` : `address:${address ?? "unknown"}`);
