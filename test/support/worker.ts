import type { TestGateway } from "./gateway.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";

type AnyGateway = TestGateway<Runtime>;

/** Creates an agent that nobody answers for, so that a test writes every step of its responses. */
export async function createQuietAgent(gateway: AnyGateway, name: string): Promise<void> {
  await gateway.data(`mutation ($name: String!) { createAgent(input: { name: $name, engine: EXTERNAL }) { id } }`, {
    name,
  });
  await gateway.settle();
}

/** Asks it and begins to answer; answers the response's id. Its stream holds PENDING and PROCESSING. */
export async function beginResponse(gateway: AnyGateway, agent: string): Promise<string> {
  const { createResponse } = await gateway.data(
    `mutation ($agent: ID!) { createResponse(agent: $agent, input: { text: "go" }) { id } }`,
    { agent },
  );
  await gateway.settle();
  await report(gateway, createResponse.id, { status: "PROCESSING" });
  return createResponse.id as string;
}

/** Says something of a response as an outside worker does. */
export const report = (gateway: AnyGateway, id: string, input: object) =>
  gateway.data(`mutation ($id: ID!, $input: UpdateResponseInput!) { updateResponse(id: $id, input: $input) { id } }`, {
    id,
    input,
  });

/** Adds one step. */
export const step = (gateway: AnyGateway, id: string, text: string) =>
  report(gateway, id, { output: { items: [{ type: "commentary", text }] } });

/** Ends a response well. */
export const complete = (gateway: AnyGateway, id: string, text: string) =>
  report(gateway, id, { status: "COMPLETED", output: { text } });
