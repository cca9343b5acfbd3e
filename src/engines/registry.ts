import type { Logger } from "pino";
import type { Config } from "../config.ts";
import type { Engine } from "./engine.ts";
import { createHandlerEngine } from "./handler.ts";
import { createModelEngine } from "./model/model.ts";
import { createShellEngine } from "./shell.ts";

/** The engines that run in the gateway, one of each kind, for all agents. EXTERNAL runs elsewhere. */
export const createEngines = (
  config: Pick<Config, "model" | "contextTokens">,
  log: Pick<Logger, "warn">,
): Readonly<Record<"SHELL" | "HANDLER" | "MODEL", Engine>> => ({
  SHELL: createShellEngine(),
  HANDLER: createHandlerEngine(),
  MODEL: createModelEngine({ settings: config.model, contextTokens: config.contextTokens, log }),
});
