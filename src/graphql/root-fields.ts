import { complexityFromQuery } from "@pothos/plugin-complexity";
import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
  Kind,
} from "graphql";
import { badInput } from "../errors.ts";
import type { Context } from "./context.ts";
import { limits } from "./limits.ts";

type Check = (...call: Parameters<GraphQLFieldResolver<unknown, Context>>) => void | Promise<void>;

/**
 * Puts in front of every root field what holds for all of its kind, whatever transport the call came by: each
 * mutation is counted against its caller (aliases one by one, refused ones too), and a subscription that costs
 * too much is refused before it listens.
 */
export function guardRootFields(schema: GraphQLSchema): GraphQLSchema {
  for (const field of fieldsOf(schema.getMutationType())) {
    field.resolve = after(countMutation, field.resolve ?? defaultFieldResolver);
  }
  for (const field of fieldsOf(schema.getSubscriptionType())) {
    if (field.subscribe) field.subscribe = after(checkCost, field.subscribe);
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

/** Queries and mutations are looked at by the schema's complexity plugin; of a subscription it sees only the events. */
const checkCost: Check = (_root, _args, ctx, { schema, operation, fragments }) => {
  const document = { kind: Kind.DOCUMENT, definitions: [operation, ...Object.values(fragments)] } as const;
  const { complexity } = complexityFromQuery(document, { schema, ctx, variables: ctx.params?.variables ?? {} });
  if (complexity > limits.complexity) {
    throw badInput("query", `The query is too large: its complexity is ${complexity}, ${limits.complexity} is allowed`);
  }
};
