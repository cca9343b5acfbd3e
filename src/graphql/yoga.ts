import { createYoga, type YogaServerInstance } from "graphql-yoga";
import type { Auth } from "../auth/auth.ts";
import type { Gateway } from "../gateway.ts";
import { type Call, type Context, createContext } from "./context.ts";
import { maskError } from "./errors.ts";
import { graphiqlOptions } from "./graphiql.ts";
import { createDocuments, type Documents } from "./prepare.ts";
import { type Carried, preparedPlugin } from "./prepared-plugin.ts";
import { schema } from "./schema.ts";

/** What a transport hands over with each request. */
export interface ServerContext {
  readonly call: Call;
}

export type Yoga = YogaServerInstance<ServerContext, Carried>;

/**
 * The one way to execute a document: prepared by `documents` (or `prepareOwn`), in a context. So no transport can pass
 * by authentication, limits or the masking of errors.
 */
export interface Graphql {
  readonly documents: Documents;
  /** Opens a call; at once when the caller is remembered. */
  readonly contextOf: (call: Call) => Context | Promise<Context>;
  /** All that HTTP can bring: GET, streams of events, GraphiQL, and every way to ask for an answer. */
  readonly yoga: Yoga;
}

/** Makes GraphQL over one gateway. */
export function createGraphql(gateway: Gateway, auth: Auth): Graphql {
  const { graphiql } = gateway.config;
  const documents = createDocuments({ introspection: graphiql });
  const contextOf = (call: Call) => createContext(gateway, auth, call);
  return { documents, contextOf, yoga: createYogaOver(gateway, documents, contextOf) };
}

const createYogaOver = (gateway: Gateway, documents: Documents, contextOf: Graphql["contextOf"]): Yoga =>
  createYoga<ServerContext, Carried>({
    schema,
    graphqlEndpoint: "/graphql",
    landingPage: false,
    batching: false,
    multipart: false,
    // The HTTP server in front answers preflights and sets the headers.
    cors: false,
    logging: false,
    parserAndValidationCache: false,
    context: async ({ call }) => ({ context: await contextOf(call) }),
    maskedErrors: { maskError: (error) => maskError(error, gateway.log) },
    graphiql: gateway.config.graphiql ? () => graphiqlOptions(gateway) : false,
    // Its nine megabytes are loaded for those who look at them.
    renderGraphiQL: async (options) => (await import("./graphiql-page.ts")).renderExplorer(options),
    plugins: [preparedPlugin(documents)],
  });
