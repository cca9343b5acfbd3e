import { readConfig } from "../../src/config.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { createModelEngine, type ModelEngineOptions } from "../../src/engines/model/model.ts";
import { type ModelServer, type Reply, startModelServer } from "../support/model-server.ts";
import { createTestWorkspace, type TestWorkspace } from "../support/workspace.ts";
import { createTestJob, type JobOptions, type TestJob } from "./job.ts";

export const CONTEXT_TOKENS = 32_000;
export const GATEWAY_KEY = "sk-gateway-0123456789";

/** A model engine, the provider it talks to over HTTP and a computer with real files. */
export interface ModelRoom {
  readonly engine: Engine;
  readonly server: ModelServer;
  readonly computer: TestWorkspace;
  /** What the engine wanted to wait before it asked again. */
  readonly waitsMs: readonly number[];
  /** What the engine logged. */
  readonly logged: readonly unknown[];
  job(options?: Partial<JobOptions>): TestJob;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openModelRoom(
  replies: readonly Reply[],
  options: Partial<ModelEngineOptions> = {},
): Promise<ModelRoom> {
  const server = await startModelServer(...replies);
  const computer = await createTestWorkspace();
  const waitsMs: number[] = [];
  const logged: unknown[] = [];
  const settings = readConfig({
    OPENAI_API_KEY: GATEWAY_KEY,
    OPENAI_BASE_URL: server.baseUrl,
    RAWORC_MODEL: "m",
  }).model;
  const engine = createModelEngine({
    settings,
    contextTokens: CONTEXT_TOKENS,
    log: { warn: (...line: unknown[]) => void logged.push(line) },
    ...options,
    retrying: {
      random: () => 1,
      delay: async (delayMs, signal) => {
        waitsMs.push(delayMs);
        signal.throwIfAborted();
      },
      ...options.retrying,
    },
  });
  return {
    engine,
    server,
    computer,
    waitsMs,
    logged,
    job: (jobOptions = {}) => createTestJob({ computer, ...jobOptions }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await computer[Symbol.asyncDispose]();
    },
  };
}

/** The messages of the request with that number, from 0. */
export const messagesOf = (room: ModelRoom, request: number) => room.server.requests[request]?.body.messages ?? [];
