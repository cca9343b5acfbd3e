import { rm } from "node:fs/promises";
import { type GatewayProcess, makeDataDir, startGatewayProcess } from "../support/gateway-process.ts";
import type { ModelServer } from "../support/model-server.ts";

type Environment = Readonly<Record<string, string>>;

/** A deployment whose gateway can be killed and started again on the same data. */
export interface World {
  readonly dataDir: string;
  start(more?: Environment): Promise<GatewayProcess>;
  /** Ends the gateway that was started last, and removes the data. */
  close(): Promise<void>;
}

/** The gateway as it is where bubblewrap is not installed. */
export const plainGateway = "test/crash/plain-gateway.ts";

/** Makes a deployment with nothing in it. */
export async function createWorld(env: Environment, main?: string): Promise<World> {
  const dataDir = await makeDataDir();
  let last: GatewayProcess | undefined;
  return {
    dataDir,
    async start(more = {}) {
      last = await startGatewayProcess({ dataDir, env: { ...env, ...more }, ...(main === undefined ? {} : { main }) });
      return last;
    },
    async close() {
      await last?.kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** What makes a gateway ask this model. */
export const modelEnvironment = ({ baseUrl }: ModelServer) => ({
  OPENAI_API_KEY: "test",
  OPENAI_BASE_URL: baseUrl,
  RAWORC_MODEL: "test",
});

/** Creates an agent, a shell unless told otherwise. */
export const createAgent = (gateway: GatewayProcess, name: string, more: object = { engine: "SHELL" }) =>
  gateway.ask(`mutation ($input: CreateAgentInput!) { createAgent(input: $input) { name } }`, {
    input: { name, ...more },
  });

/** Asks an agent; answers the response's id, once it is acknowledged. */
export async function ask(gateway: GatewayProcess, agent: string, text: string): Promise<string> {
  const query = `mutation ($agent: ID!, $input: JSON!) { createResponse(agent: $agent, input: $input) { id } }`;
  const { createResponse } = await gateway.ask(query, { agent, input: { text } });
  return createResponse.id;
}

/** Asks an agent and waits for the answer's text; throws when it takes longer than convergence may. */
export async function askAndWait(gateway: GatewayProcess, agent: string, text: string): Promise<string> {
  const query = `mutation ($agent: ID!, $input: JSON!) {
    createResponse(agent: $agent, input: $input, wait: true, timeoutSeconds: 15) { status failure { message } output { text } }
  }`;
  const { createResponse } = await gateway.ask(query, { agent, input: { text } });
  if (createResponse.status !== "COMPLETED") throw new Error(`${agent}: ${createResponse.failure?.message}`);
  return createResponse.output.text;
}

/** Resolves when the gateway writes this to its log, from now on. */
export const untilLogged = ({ child }: GatewayProcess, text: string): Promise<void> =>
  new Promise((resolve) => {
    child.stdout?.on("data", (chunk: Buffer) => chunk.includes(text) && resolve());
  });
