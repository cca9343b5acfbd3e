import { z } from "zod";
import { moment } from "../../rest/fields.ts";
import { type Route, route } from "../../rest/route.ts";
import { agentParams } from "../agents/rest-agent.ts";

const tag = "Agents";

const ContextUsage = z
  .object({
    agent: z.string(),
    soft_limit_tokens: z.int32().meta({ description: "Near it, what was said is summarised" }),
    used_tokens_estimated: z.int32(),
    used_percent: z.number(),
    basis: z.literal("estimated_from_history_chars"),
    cutoff_at: moment("What had been said by then is not told any more").nullable(),
    measured_at: moment("When this was counted"),
    total_messages_considered: z.int32(),
  })
  .meta({ id: "AgentContextUsage" });

const example: z.input<typeof ContextUsage> = {
  agent: "demo",
  soft_limit_tokens: 32_000,
  used_tokens_estimated: 12_345,
  used_percent: 38.6,
  basis: "estimated_from_history_chars",
  cutoff_at: "2025-01-01T12:34:56.000Z",
  measured_at: "2025-01-01T13:00:00.000Z",
  total_messages_considered: 42,
};

const contextFields = /* GraphQL */ `
  fragment RestContext on Agent {
    name
    context {
      soft_limit_tokens: softLimitTokens
      used_tokens_estimated: usedTokensEstimated
      used_percent: usedPercent
      cutoff_at: cutoffAt
      measured_at: measuredAt
      total_messages_considered: messages
    }
  }
`;

interface ContextData {
  readonly name: string;
  readonly context: object;
}

const presentContext = ({ name, context }: ContextData) => ({
  agent: name,
  ...context,
  basis: "estimated_from_history_chars",
});

const reply = (differences: Partial<typeof example> = {}) =>
  ({ kind: "json", schema: ContextUsage, example: { ...example, ...differences } }) as const;

/** What an agent's model is told of what was said before (document C, later versions). */
export const contextRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/agents/:name/context",
    tag,
    summary: "How much of what was said before the agent's model is told",
    params: agentParams,
    document: /* GraphQL */ `
      query RestAgentContext($name: ID!) {
        agent(name: $name) { ...RestContext }
      }
      ${contextFields}
    `,
    variables: ({ params }) => params,
    present: presentContext,
    reply: reply(),
  }),
  route({
    method: "POST",
    path: "/agents/:name/context/clear",
    tag,
    summary: "Tell the agent's model nothing of what was said so far; the responses stay",
    params: agentParams,
    document: /* GraphQL */ `
      mutation RestClearContext($name: ID!) {
        clearContext(agent: $name) { ...RestContext }
      }
      ${contextFields}
    `,
    variables: ({ params }) => params,
    present: presentContext,
    reply: reply({ used_tokens_estimated: 0, used_percent: 0, total_messages_considered: 0 }),
  }),
  route({
    method: "POST",
    path: "/agents/:name/context/compact",
    tag,
    summary: "Tell the agent's model a summary of what was said so far, which it makes itself; 409 without a model",
    params: agentParams,
    document: /* GraphQL */ `
      mutation RestCompactContext($name: ID!) {
        compactContext(agent: $name) { ...RestContext }
      }
      ${contextFields}
    `,
    variables: ({ params }) => params,
    present: presentContext,
    reply: reply({ used_tokens_estimated: 900, used_percent: 2.8, total_messages_considered: 2 }),
    refusals: [409, 503],
  }),
];
