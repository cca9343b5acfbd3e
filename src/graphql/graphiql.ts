import type { GraphiQLOptions } from "graphql-yoga";
import type { Gateway } from "../gateway.ts";
import { examples, tokenHeader } from "./graphiql-examples.ts";

/**
 * The explorer at `/graphql`: working examples in tabs, subscriptions over graphql-ws, the token filled in.
 * Made anew for each visit, for what it says of the runtime is true at that moment.
 */
export async function graphiqlOptions({ config, runtime }: Gateway): Promise<GraphiQLOptions> {
  const info = await runtime.ping(AbortSignal.timeout(answerLimitMs)).catch(() => null);
  const hasDefaultPassword = config.adminPassword === null && config.onLoopback && !config.production;
  return {
    title: "Raworc Gateway",
    defaultTabs: examples({
      password: hasDefaultPassword ? "admin" : null,
      warning: info ? info.warning : "computers cannot be reached now; orders wait until they can.",
    }),
    headers: tokenHeader,
    defaultEditorToolsVisibility: "variables",
    shouldPersistHeaders: true,
  };
}

const answerLimitMs = 1000;
