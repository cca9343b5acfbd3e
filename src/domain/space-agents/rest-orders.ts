import { z } from "zod";
import { moment, pageQuery, wordOf } from "../../rest/fields.ts";
import { listRoute, type Route, route } from "../../rest/route.ts";
import {
  placeOf,
  presentSpaceAgent,
  spaceAgentFields,
  spaceAgentParams,
  spaceAgentReply,
  spaceParams,
} from "./rest-space-agent.ts";

const tag = "Space agents";

const RunningAgent = z
  .object({
    name: z.string(),
    status: z.literal("running"),
    started_at: moment("Since when it runs").nullable(),
  })
  .meta({ id: "RunningSpaceAgent" });

/** What is ordered of the agents of a space, and what runs (document A, "Space Agents"). */
export const spaceAgentOrderRoutes: readonly Route[] = [
  route({
    method: "PATCH",
    path: "/spaces/:name/agents/:agent_name/status",
    tag,
    summary: "Set an agent of a space active, or inactive: stopped, and left out of builds and answers",
    params: spaceAgentParams,
    body: z.object({ status: wordOf(["active", "inactive"], "The others are seen, not set") }),
    bodyExample: { status: "inactive" },
    document: /* GraphQL */ `
      mutation RestSetSpaceAgentStatus($space: ID!, $name: ID!, $status: String!) {
        setSpaceAgentStatus(space: $space, name: $name, status: $status) { ...RestSpaceAgent }
      }
      ${spaceAgentFields}
    `,
    variables: ({ params, body }) => ({ ...placeOf(params), ...body }),
    present: presentSpaceAgent,
    reply: spaceAgentReply({ status: "inactive" }),
  }),
  route({
    method: "POST",
    path: "/spaces/:name/agents/:agent_name/deploy",
    tag,
    summary: "Run an agent on a computer of its own, from the latest image of its space",
    params: spaceAgentParams,
    document: /* GraphQL */ `
      mutation RestDeploySpaceAgent($space: ID!, $name: ID!) {
        deploySpaceAgent(space: $space, name: $name) { ...RestSpaceAgent }
      }
      ${spaceAgentFields}
    `,
    variables: ({ params }) => placeOf(params),
    present: presentSpaceAgent,
    reply: spaceAgentReply(),
    refusals: [409],
  }),
  route({
    method: "POST",
    path: "/spaces/:name/agents/:agent_name/stop",
    tag,
    summary: "Stop a deployed agent; its computer goes with all that is in it",
    params: spaceAgentParams,
    document: /* GraphQL */ `
      mutation RestStopSpaceAgent($space: ID!, $name: ID!) {
        stopSpaceAgent(space: $space, name: $name) { ...RestSpaceAgent }
      }
      ${spaceAgentFields}
    `,
    variables: ({ params }) => placeOf(params),
    present: presentSpaceAgent,
    reply: spaceAgentReply({ status: "stopped" }),
  }),
  listRoute({
    path: "/spaces/:name/agents/running",
    tag,
    summary: "List the agents of a space that run, the oldest first",
    params: spaceParams,
    document: /* GraphQL */ `
      query RestRunningSpaceAgents($space: ID!, $filter: SpaceAgentFilter, $first: Int, $offset: Int) {
        spaceAgents(space: $space, filter: $filter, first: $first, offset: $offset) {
          items: nodes { name status started_at: startedAt }
          total: totalCount
        }
      }
    `,
    variables: ({ params }) => ({ space: params.name, filter: { statuses: ["RUNNING"] } }),
    present: presentSpaceAgent,
    reply: {
      kind: "json",
      schema: z.array(RunningAgent),
      example: [{ name: "raworc-agent-python-demo", status: "running", started_at: "2025-01-01T12:00:00.000Z" }],
    },
  }),
  route({
    method: "GET",
    path: "/spaces/:name/agents/:agent_name/logs",
    tag,
    summary: "What a deployed agent printed last",
    params: spaceAgentParams,
    query: z.object({ limit: pageQuery.shape.limit }),
    document: /* GraphQL */ `
      query RestSpaceAgentLogs($space: ID!, $name: ID!, $limit: Int) {
        spaceAgent(space: $space, name: $name) { logs(limit: $limit) { text } }
      }
    `,
    variables: ({ params, query: { limit } }) => ({ ...placeOf(params), limit }),
    present: ({ logs }: { readonly logs: readonly { readonly text: string }[] }) => ({
      logs: logs.map(({ text }) => text),
    }),
    reply: {
      kind: "json",
      schema: z.object({ logs: z.array(z.string()) }).meta({ id: "SpaceAgentLogs" }),
      example: {
        logs: ["2025-01-01T12:00:00Z [INFO] Agent started", "2025-01-01T12:01:00Z [INFO] Processing request"],
      },
    },
    follow: {
      document: /* GraphQL */ `
        subscription RestFollowSpaceAgentLogs($space: ID!, $name: ID!, $limit: Int) {
          spaceAgentLogs(space: $space, name: $name, tail: $limit) { text }
        }
      `,
      variables: ({ params, query: { limit } }) => ({ ...placeOf(params), limit }),
      present: ({ text }: { readonly text: string }) => ({ data: text }),
      reply: {
        kind: "events",
        schema: z.string().meta({ description: "A line of the log" }),
        example: "2025-01-01T12:01:00Z [INFO] Processing request",
      },
    },
  }),
];
