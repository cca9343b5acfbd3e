import { NoSchemaIntrospectionCustomRule } from "graphql";
import { createYoga, type Plugin, type YogaServerInstance } from "graphql-yoga";
import type { Auth } from "../auth/auth.ts";
import type { Gateway } from "../gateway.ts";
import { type Call, type Context, createContext } from "./context.ts";
import { errorPlugin, maskError } from "./errors.ts";
import { graphiqlOptions } from "./graphiql.ts";
import { limitPlugins } from "./limits.ts";
import { schema } from "./schema.ts";

/** What a transport hands over with each request. */
export interface ServerContext {
  readonly call: Call;
}

export type Yoga = YogaServerInstance<ServerContext, Context>;

/**
 * The one way to execute a document. HTTP goes through its `fetch`, sockets and REST through `getEnveloped`,
 * so none of them can pass by authentication, limits or the masking of errors.
 */
export function createGraphql(gateway: Gateway, auth: Auth): Yoga {
  const { config, log } = gateway;
  return createYoga<ServerContext, Context>({
    schema,
    graphqlEndpoint: "/graphql",
    landingPage: false,
    batching: false,
    multipart: false,
    // The HTTP server in front answers preflights and sets the headers.
    cors: false,
    logging: false,
    context: ({ call }) => createContext(gateway, auth, call),
    maskedErrors: { maskError: (error) => maskError(error, log) },
    graphiql: config.graphiql ? () => graphiqlOptions(gateway) : false,
    // Its nine megabytes are loaded for those who look at them.
    renderGraphiQL: async (options) => (await import("./graphiql-page.ts")).renderExplorer(options),
    plugins: [...limitPlugins(), errorPlugin(), ...(config.graphiql ? [] : [withoutIntrospection])],
  });
}

const withoutIntrospection: Plugin = {
  onValidate: ({ addValidationRule }) => addValidationRule(NoSchemaIntrospectionCustomRule),
};
