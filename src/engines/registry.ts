import type { Logger } from "pino";
import type { Config } from "../config.ts";
import type { Engine } from "./engine.ts";
import { createHandlerEngine } from "./handler.ts";
import { createShellEngine } from "./shell.ts";

/** The engines that run in the gateway, one of each kind, for all agents. EXTERNAL runs elsewhere. */
export const createEngines = (
  config: Pick<Config, "model" | "contextTokens">,
  log: Pick<Logger, "warn">,
): Readonly<Record<"SHELL" | "HANDLER" | "MODEL", Engine>> => ({
  SHELL: createShellEngine(),
  HANDLER: createHandlerEngine(),
  MODEL: modelEngine(config, log),
});

/** Loaded when it is first asked, for its libraries are large and many gateways never need them. */
const modelEngine = (
  { model: settings, contextTokens }: Pick<Config, "model" | "contextTokens">,
  log: Pick<Logger, "warn">,
): Engine => ({
  kind: "MODEL",
  async answer(job) {
    const { createModelEngine } = await import("./model/model.ts");
    return createModelEngine({ settings, contextTokens, log }).answer(job);
  },
});
