import { z } from "zod";
import { jsonObject } from "../../rest/fields.ts";
import { listRoute, type Route, route } from "../../rest/route.ts";
import {
  agentFields,
  agentFilters,
  agentParams,
  agentReply,
  agentsReply,
  agentTags,
  filterOf,
  newAgentName,
  presentAgent,
} from "./rest-agent.ts";

const tag = "Agents";
const published = "Published agents";

const seconds = (what: string) =>
  z
    .int32()
    .optional()
    .meta({ description: `${what} timeout in seconds` });

/** Agents as things: list, create, get, update, delete, and the public catalogue (document C). */
export const agentRoutes: readonly Route[] = [
  listRoute({
    path: "/agents",
    tag,
    summary: "List the agents that the caller may see, the oldest first",
    query: agentFilters,
    document: /* GraphQL */ `
      query RestAgents($filter: AgentFilter, $first: Int, $offset: Int) {
        agents(filter: $filter, first: $first, offset: $offset) { items: nodes { ...RestAgent } total: totalCount }
      }
      ${agentFields}
    `,
    variables: ({ query }) => ({ filter: filterOf(query) }),
    present: presentAgent,
    reply: agentsReply,
  }),
  route({
    method: "POST",
    path: "/agents",
    tag,
    summary: "Create an agent",
    body: z.object({
      name: newAgentName,
      description: z.string().optional(),
      metadata: jsonObject("Any JSON object; `engine` and `network` in it choose those").optional(),
      tags: agentTags.optional(),
      secrets: z.record(z.string(), z.string()).meta({ description: "Environment of its commands" }).optional(),
      instructions: z.string().meta({ description: "What it is to be" }).optional(),
      setup: z.string().meta({ description: "A script that runs once before its first response" }).optional(),
      prompt: z.string().meta({ description: "Becomes its first response" }).optional(),
      idle_timeout_seconds: seconds("Idle"),
      busy_timeout_seconds: seconds("Busy"),
    }),
    bodyExample: { name: "demo", description: "Demo agent" },
    document: /* GraphQL */ `
      mutation RestCreateAgent($input: CreateAgentInput!) {
        createAgent(input: $input) { ...RestAgent }
      }
      ${agentFields}
    `,
    variables: ({ body: { idle_timeout_seconds, busy_timeout_seconds, ...rest } }) => ({
      input: { ...rest, idleTimeoutSeconds: idle_timeout_seconds, busyTimeoutSeconds: busy_timeout_seconds },
    }),
    present: presentAgent,
    reply: agentReply({ state: "init", last_activity_at: null, idle_from: null }),
    refusals: [409],
  }),
  route({
    method: "GET",
    path: "/agents/:name",
    tag,
    summary: "Get an agent",
    params: agentParams,
    document: /* GraphQL */ `
      query RestAgentByName($name: ID!) {
        agent(name: $name) { ...RestAgent }
      }
      ${agentFields}
    `,
    variables: ({ params }) => params,
    present: presentAgent,
    reply: agentReply(),
  }),
  route({
    method: "PUT",
    path: "/agents/:name",
    tag,
    summary: "Change an agent; what is left out stays",
    params: agentParams,
    body: z.object({
      metadata: jsonObject("Replaces all of it").optional(),
      description: z.string().optional(),
      tags: agentTags.optional(),
      idle_timeout_seconds: seconds("Idle"),
      busy_timeout_seconds: seconds("Busy"),
    }),
    bodyExample: { description: "Updated" },
    document: /* GraphQL */ `
      mutation RestUpdateAgent($name: ID!, $input: UpdateAgentInput!) {
        updateAgent(name: $name, input: $input) { ...RestAgent }
      }
      ${agentFields}
    `,
    variables: ({ params, body: { idle_timeout_seconds, busy_timeout_seconds, ...rest } }) => ({
      ...params,
      input: { ...rest, idleTimeoutSeconds: idle_timeout_seconds, busyTimeoutSeconds: busy_timeout_seconds },
    }),
    present: presentAgent,
    reply: agentReply({ description: "Updated" }),
  }),
  route({
    method: "DELETE",
    path: "/agents/:name",
    tag,
    summary: "Delete an agent with its responses, secrets, container and files",
    params: agentParams,
    document: /* GraphQL */ `
      mutation RestDeleteAgent($name: ID!) {
        deleteAgent(name: $name) { name }
      }
    `,
    variables: ({ params }) => params,
    present: () => undefined,
    reply: { kind: "empty" },
  }),
  route({
    method: "GET",
    path: "/agents/:name/runtime",
    tag,
    summary: "How long the agent's computer has held memory",
    params: agentParams,
    document: /* GraphQL */ `
      query RestAgentRuntime($name: ID!) {
        agent(name: $name) { name runtime { totalSeconds currentSeconds } }
      }
    `,
    variables: ({ params }) => params,
    present: ({ name, runtime }: { name: string; runtime: { totalSeconds: number; currentSeconds: number } }) => ({
      agent_name: name,
      total_runtime_seconds: runtime.totalSeconds,
      current_session_seconds: runtime.currentSeconds,
    }),
    reply: {
      kind: "json",
      schema: z
        .object({
          agent_name: z.string(),
          total_runtime_seconds: z.int32(),
          current_session_seconds: z.int32().meta({ description: "The present run; 0 while it is stopped" }),
        })
        .meta({ id: "AgentRuntime" }),
      example: { agent_name: "demo", total_runtime_seconds: 3600, current_session_seconds: 120 },
    },
  }),
  listRoute({
    path: "/published/agents",
    tag: published,
    access: "public",
    summary: "List all published agents, the oldest first",
    query: agentFilters,
    document: /* GraphQL */ `
      query RestPublishedAgents($filter: AgentFilter, $first: Int, $offset: Int) {
        publishedAgents(filter: $filter, first: $first, offset: $offset) {
          items: nodes { ...RestAgent }
          total: totalCount
        }
      }
      ${agentFields}
    `,
    variables: ({ query }) => ({ filter: filterOf(query) }),
    present: presentAgent,
    reply: agentsReply,
  }),
  route({
    method: "GET",
    path: "/published/agents/:name",
    tag: published,
    access: "public",
    summary: "Get a published agent",
    params: agentParams,
    document: /* GraphQL */ `
      query RestPublishedAgent($name: ID!) {
        publishedAgent(name: $name) { ...RestAgent }
      }
      ${agentFields}
    `,
    variables: ({ params }) => params,
    present: presentAgent,
    reply: agentReply({ is_published: true, published_at: "2025-01-01T12:30:00.000Z", published_by: "admin" }),
  }),
];
