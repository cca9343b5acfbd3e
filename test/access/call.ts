import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  isLeafType,
  parse,
  subscribe,
} from "graphql";
import { createContext } from "../../src/graphql/context.ts";
import { maskError } from "../../src/graphql/errors.ts";
import { schema } from "../../src/graphql/schema.ts";
import type { World } from "./world.ts";

/** How a call ended: refused with a code and words, or not. */
export interface Outcome {
  readonly code: string;
  readonly message: string;
}

const succeeded: Outcome = { code: "OK", message: "" };

/** Every field at the root of the schema, as `Query.agent`. */
export const rootFields: ReadonlyMap<string, GraphQLField<unknown, unknown>> = new Map(
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
    .filter((root): root is GraphQLObjectType => root != null)
    .flatMap((root) => Object.values(root.getFields()).map((field) => [`${root.name}.${field.name}`, field] as const)),
);

/** Calls a root field with these arguments, through the schema as every transport does. */
export async function call({ gateway }: World, path: string, args: object, token: string | null): Promise<Outcome> {
  const end = new AbortController();
  const authorization = token === null ? null : `Bearer ${token}`;
  const transport = { authorization, address: "127.0.0.1", signal: end.signal };
  const contextValue = await createContext(gateway.gateway, gateway.auth, transport);
  const asked = { schema, document: documentFor(path, args), variableValues: { ...args }, contextValue };
  try {
    const answer = await (path.startsWith("Subscription.") ? subscribe(asked) : execute(asked));
    if (Symbol.asyncIterator in answer) {
      await answer.return?.(undefined);
      return succeeded;
    }
    return outcomeOf(answer, gateway);
  } finally {
    end.abort();
  }
}

function outcomeOf({ errors }: ExecutionResult, { gateway }: World["gateway"]): Outcome {
  const [error] = errors ?? [];
  if (!error) return succeeded;
  const { message, extensions } = maskError(error, gateway.log);
  return { code: String(extensions["code"]), message };
}

function documentFor(path: string, args: object): DocumentNode {
  const [root = "", name = ""] = path.split(".");
  const field = rootFields.get(path);
  if (!field) throw new Error(`The schema has no ${path}`);
  const given = field.args.filter((arg) => arg.name in args);
  const variables = given.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(", ");
  const values = given.map((arg) => `${arg.name}: $${arg.name}`).join(", ");
  const selection = isLeafType(getNamedType(field.type)) ? "" : "{ __typename }";
  const bracketed = (text: string) => (text ? `(${text})` : "");
  return parse(`${root.toLowerCase()} ${bracketed(variables)} { ${name}${bracketed(values)} ${selection} }`);
}
