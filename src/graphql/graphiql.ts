import type { GraphiQLOptions } from "graphql-yoga";
import type { Gateway } from "../gateway.ts";

/** The explorer at `/graphql`: working examples in tabs, subscriptions over graphql-ws, a place for the token. */
export function graphiqlOptions(_gateway: Gateway): GraphiQLOptions {
  return {
    title: "Raworc Gateway",
    subscriptionsProtocol: "WS",
    headers: JSON.stringify({ authorization: "Bearer PASTE_TOKEN_HERE" }, null, 2),
    defaultEditorToolsVisibility: "headers",
    shouldPersistHeaders: true,
  };
}
