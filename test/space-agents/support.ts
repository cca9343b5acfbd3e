import type { Runtime } from "../../src/runtime/runtime.ts";
import type { TestGateway } from "../support/gateway.ts";

type AnyGateway = TestGateway<Runtime>;

/** What of a space agent the tests look at. */
const fields = `
  id space name description purpose sourceRepo sourceBranch status lastError createdByName deployedBuild startedAt
  createdAt updatedAt computer { id phase desired generation image network }`;

/** Where a space agent is. */
export interface Place {
  readonly space?: string;
  readonly name: string;
}

/** Creates a space agent and waits until its space has been built. */
export async function createSpaceAgent(
  gateway: AnyGateway,
  input: Place & { readonly sourceRepo: string },
  token?: string,
) {
  const document = `mutation ($input: CreateSpaceAgentInput!) { createSpaceAgent(input: $input) { ${fields} } }`;
  const { createSpaceAgent: agent } = await gateway.data(document, { input: { space: "default", ...input } }, token);
  await gateway.settle();
  return agent;
}

/** The space agent as it is now. */
export async function spaceAgent(gateway: AnyGateway, place: Place, token?: string) {
  const document = `query ($space: ID!, $name: ID!) { agent: spaceAgent(space: $space, name: $name) { ${fields} } }`;
  return (await gateway.data(document, { space: "default", ...place }, token)).agent;
}

/** Calls a mutation of one space agent and answers the agent. */
export async function orderSpaceAgent(gateway: AnyGateway, mutation: string, place: Place, args = "", token?: string) {
  const call = `${mutation}(space: $space, name: $name${args && `, ${args}`})`;
  const document = `mutation ($space: ID!, $name: ID!) { done: ${call} { ${fields} } }`;
  return (await gateway.data(document, { space: "default", ...place }, token)).done;
}

/** Deploys a space agent and answers it once its computer runs. */
export async function deploy(gateway: AnyGateway, place: Place) {
  await orderSpaceAgent(gateway, "deploySpaceAgent", place);
  await gateway.settle();
  return spaceAgent(gateway, place);
}

/** Builds a space and waits for the end of it. */
export async function build(gateway: AnyGateway, space = "default"): Promise<void> {
  await gateway.data(`mutation ($space: ID!) { buildSpace(space: $space) { id } }`, { space });
  await gateway.settle();
}

/** The container of a deployed agent. */
export const containerOf = ({ computer }: { computer: { id: string; generation: number } }) =>
  `raworc-${computer.id}-g${computer.generation}`;

/** Makes a space. */
export const makeSpace = (gateway: AnyGateway, name: string) =>
  gateway.data(`mutation ($name: String!) { createSpace(input: { name: $name }) { name } }`, { name });
