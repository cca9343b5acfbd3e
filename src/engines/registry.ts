import type { Logger } from "pino";
import type { Config } from "../config.ts";
import type { Engine } from "./engine.ts";
import { createModelEngine } from "./model/model.ts";
import { createShellEngine } from "./shell.ts";

/** The engines that run in the gateway, one of each kind, for all agents. EXTERNAL runs elsewhere. */
export const createEngines = (
  config: Pick<Config, "model">,
  log: Pick<Logger, "warn">,
): Readonly<Record<"SHELL" | "MODEL", Engine>> => ({
  SHELL: createShellEngine(),
  MODEL: createModelEngine({ settings: config.model, log }),
});
