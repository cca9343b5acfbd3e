import { z } from "zod";
import { jsonObject } from "../../rest/fields.ts";
import { type Route, route } from "../../rest/route.ts";
import {
  type AgentData,
  agentFields,
  agentParams,
  agentReply,
  agentStates,
  newAgentName,
  presentAgent,
} from "./rest-agent.ts";

const tag = "Agents";

const flag = (description: string) => z.boolean().optional().meta({ description });

const BusyIdle = z
  .object({
    success: z.literal(true),
    state: z.enum(["busy", "idle"]),
    timeout_status: z.enum(["paused", "active"]).meta({ description: "Whether the idle timeout counts" }),
  })
  .meta({ id: "BusyIdleAck" });

/** Orders to agents: states, sleep and wake, remix, publish (document C). */
export const agentOrderRoutes: readonly Route[] = [
  route({
    method: "PUT",
    path: "/agents/:name/state",
    tag,
    summary: "Move an agent to a state, where that is a legal move",
    params: agentParams,
    body: z.object({ state: z.string().meta({ description: agentStates.join("|") }) }),
    bodyExample: { state: "idle" },
    document: /* GraphQL */ `
      mutation RestSetAgentState($name: ID!, $state: String!) {
        setAgentState(name: $name, state: $state) { state }
      }
    `,
    variables: ({ params, body }) => ({ ...params, ...body }),
    present: ({ state }: AgentData) => ({ success: true, state: state.toLowerCase() }),
    reply: {
      kind: "json",
      schema: z.object({ success: z.literal(true), state: z.enum(agentStates) }).meta({ id: "StateAck" }),
      example: { success: true, state: "idle" },
    },
    refusals: [409],
  }),
  route({
    method: "POST",
    path: "/agents/:name/busy",
    tag,
    summary: "Say that the agent works: its idle timeout stops counting",
    params: agentParams,
    document: /* GraphQL */ `
      mutation RestSetAgentBusy($name: ID!) {
        setAgentBusy(name: $name) { state }
      }
    `,
    variables: ({ params }) => params,
    present: () => ({ success: true, state: "busy", timeout_status: "paused" }),
    reply: { kind: "json", schema: BusyIdle, example: { success: true, state: "busy", timeout_status: "paused" } },
    refusals: [409],
  }),
  route({
    method: "POST",
    path: "/agents/:name/idle",
    tag,
    summary: "Say that the agent waits: its idle timeout counts",
    params: agentParams,
    document: /* GraphQL */ `
      mutation RestSetAgentIdle($name: ID!) {
        setAgentIdle(name: $name) { state }
      }
    `,
    variables: ({ params }) => params,
    present: () => ({ success: true, state: "idle", timeout_status: "active" }),
    reply: { kind: "json", schema: BusyIdle, example: { success: true, state: "idle", timeout_status: "active" } },
    refusals: [409],
  }),
  route({
    method: "POST",
    path: "/agents/:name/sleep",
    tag,
    summary: "Put an agent to sleep; its files stay",
    params: agentParams,
    body: z.object({
      delay_seconds: z.int32().optional().meta({ description: "Default: now" }),
      note: z.string().optional().meta({ description: "A word for the log on why" }),
    }),
    document: /* GraphQL */ `
      mutation RestSleepAgent($name: ID!, $delaySeconds: Int, $note: String) {
        sleepAgent(name: $name, delaySeconds: $delaySeconds, note: $note) { ...RestAgent }
      }
      ${agentFields}
    `,
    variables: ({ params, body }) => ({ ...params, delaySeconds: body.delay_seconds, note: body.note }),
    present: presentAgent,
    reply: agentReply({ state: "slept", idle_from: null }),
  }),
  route({
    method: "POST",
    path: "/agents/:name/wake",
    tag,
    summary: "Wake an agent",
    params: agentParams,
    body: z.object({ prompt: z.string().optional().meta({ description: "Becomes its next response" }) }),
    bodyExample: { prompt: "get ready" },
    document: /* GraphQL */ `
      mutation RestWakeAgent($name: ID!, $prompt: String) {
        wakeAgent(name: $name, prompt: $prompt) { ...RestAgent }
      }
      ${agentFields}
    `,
    variables: ({ params, body }) => ({ ...params, ...body }),
    present: presentAgent,
    reply: agentReply({ state: "init", idle_from: null }),
  }),
  route({
    method: "POST",
    path: "/agents/:name/remix",
    tag,
    summary: "Make a new agent out of this one, with a copy of its files",
    params: agentParams,
    body: z.object({
      name: newAgentName,
      metadata: jsonObject("Default: the parent's").optional(),
      code: flag("Copy code (default: as far as permitted)"),
      secrets: flag("Copy secrets (default: as far as permitted)"),
      content: flag("Copy content (default: as far as permitted)"),
      prompt: z.string().optional().meta({ description: "Becomes the new agent's first response" }),
    }),
    bodyExample: { name: "demo-copy", code: true, secrets: false, prompt: "clone and adjust" },
    document: /* GraphQL */ `
      mutation RestRemixAgent($name: ID!, $input: RemixAgentInput!) {
        remixAgent(name: $name, input: $input) { ...RestAgent }
      }
      ${agentFields}
    `,
    variables: ({ params, body }) => ({ ...params, input: body }),
    present: presentAgent,
    reply: agentReply({ name: "demo-copy", state: "init", parent_agent_name: "demo", idle_from: null }),
    refusals: [409],
  }),
  route({
    method: "POST",
    path: "/agents/:name/publish",
    tag,
    summary: "Show an agent to everyone",
    params: agentParams,
    body: z.object({
      code: flag("Others may copy its code (default true)"),
      secrets: flag("Others may copy its secrets (default true)"),
      content: flag("Others may copy its content (default true)"),
    }),
    bodyExample: { code: true, secrets: false, content: true },
    document: /* GraphQL */ `
      mutation RestPublishAgent($name: ID!, $permissions: PublishPermissionsInput) {
        publishAgent(name: $name, permissions: $permissions) { ...RestAgent }
      }
      ${agentFields}
    `,
    variables: ({ params, body }) => ({ ...params, permissions: body }),
    present: presentAgent,
    reply: agentReply({ is_published: true, published_at: "2025-01-01T12:30:00.000Z", published_by: "admin" }),
  }),
  route({
    method: "POST",
    path: "/agents/:name/unpublish",
    tag,
    summary: "Hide an agent from those who have no right to it",
    params: agentParams,
    document: /* GraphQL */ `
      mutation RestUnpublishAgent($name: ID!) {
        unpublishAgent(name: $name) { ...RestAgent }
      }
      ${agentFields}
    `,
    variables: ({ params }) => params,
    present: presentAgent,
    reply: agentReply(),
  }),
];
