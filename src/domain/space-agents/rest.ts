import { z } from "zod";
import { listRoute, type Route, route } from "../../rest/route.ts";
import { spaceAgentOrderRoutes } from "./rest-orders.ts";
import {
  placeOf,
  presentSpaceAgent,
  sourceBranch,
  sourceRepo,
  spaceAgentFields,
  spaceAgentParams,
  spaceAgentReply,
  spaceAgentsReply,
  spaceParams,
  texts,
} from "./rest-space-agent.ts";

const tag = "Space agents";

/** Agents of a space (document A, "Space Agents"). */
export const spaceAgentRoutes: readonly Route[] = [
  listRoute({
    path: "/spaces/:name/agents",
    tag,
    summary: "List the agents of a space, the oldest first",
    params: spaceParams,
    document: /* GraphQL */ `
      query RestSpaceAgents($space: ID!, $first: Int, $offset: Int) {
        spaceAgents(space: $space, first: $first, offset: $offset) {
          items: nodes { ...RestSpaceAgent }
          total: totalCount
        }
      }
      ${spaceAgentFields}
    `,
    variables: ({ params }) => ({ space: params.name }),
    present: presentSpaceAgent,
    reply: spaceAgentsReply,
  }),
  route({
    method: "POST",
    path: "/spaces/:name/agents",
    tag,
    summary: "Create an agent; a build of the space follows",
    params: spaceParams,
    body: z.object({
      name: z.string().meta({
        description: "2 to 63 letters, digits and `-`; not `running`",
        pattern: "^[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$",
      }),
      ...texts,
      source_repo: sourceRepo,
      source_branch: sourceBranch.optional(),
    }),
    bodyExample: {
      name: "data-analyzer",
      description: "Data analysis specialist",
      purpose: "analyze data, create visualizations, statistical analysis",
      source_repo: "Raworc/raworc-agent-python-demo",
      source_branch: "main",
    },
    document: /* GraphQL */ `
      mutation RestCreateSpaceAgent($input: CreateSpaceAgentInput!) {
        createSpaceAgent(input: $input) { ...RestSpaceAgent }
      }
      ${spaceAgentFields}
    `,
    variables: ({ params, body: { source_repo, source_branch, ...rest } }) => ({
      input: { space: params.name, ...rest, sourceRepo: source_repo, sourceBranch: source_branch },
    }),
    present: presentSpaceAgent,
    reply: spaceAgentReply(),
    refusals: [409],
  }),
  route({
    method: "GET",
    path: "/spaces/:name/agents/:agent_name",
    tag,
    summary: "Get an agent of a space",
    params: spaceAgentParams,
    document: /* GraphQL */ `
      query RestSpaceAgentByName($space: ID!, $name: ID!) {
        spaceAgent(space: $space, name: $name) { ...RestSpaceAgent }
      }
      ${spaceAgentFields}
    `,
    variables: ({ params }) => placeOf(params),
    present: presentSpaceAgent,
    reply: spaceAgentReply(),
  }),
  route({
    method: "PUT",
    path: "/spaces/:name/agents/:agent_name",
    tag,
    summary: "Change an agent of a space; what is left out stays, and another source is built",
    params: spaceAgentParams,
    body: z.object({ ...texts, source_repo: sourceRepo.optional(), source_branch: sourceBranch.optional() }),
    bodyExample: {
      description: "Updated data analysis specialist",
      purpose: "enhanced data analysis and visualization",
    },
    document: /* GraphQL */ `
      mutation RestUpdateSpaceAgent($space: ID!, $name: ID!, $input: UpdateSpaceAgentInput!) {
        updateSpaceAgent(space: $space, name: $name, input: $input) { ...RestSpaceAgent }
      }
      ${spaceAgentFields}
    `,
    variables: ({ params, body: { source_repo, source_branch, ...rest } }) => ({
      ...placeOf(params),
      input: { ...rest, sourceRepo: source_repo, sourceBranch: source_branch },
    }),
    present: presentSpaceAgent,
    reply: spaceAgentReply({
      description: "Updated data analysis specialist",
      purpose: "enhanced data analysis and visualization",
    }),
  }),
  route({
    method: "DELETE",
    path: "/spaces/:name/agents/:agent_name",
    tag,
    summary: "Delete an agent of a space with its computer; a build of the space follows",
    params: spaceAgentParams,
    document: /* GraphQL */ `
      mutation RestDeleteSpaceAgent($space: ID!, $name: ID!) {
        deleteSpaceAgent(space: $space, name: $name) { name }
      }
    `,
    variables: ({ params }) => placeOf(params),
    present: () => undefined,
    reply: { kind: "empty" },
  }),
  ...spaceAgentOrderRoutes,
];
