import { builder } from "../../graphql/builder.ts";
import type { Context } from "../../graphql/context.ts";
import type { Agent as AgentRow } from "../../store/generated/client/client.ts";
import { agentFor, requireOnAgent } from "../agents/access.ts";
import { Agent } from "../agents/schema.ts";
import { agentRespondent } from "./agent-respondent.ts";
import { clearContext, compactContext, type ContextUse, measureContext } from "./context.ts";

const AgentContext = builder.objectRef<ContextUse>("AgentContext").implement({
  description: "What a model would be told now of what was said before, beside its instructions.",
  fields: (t) => ({
    softLimitTokens: t.exposeInt("softLimitTokens", { description: "Near it, what was said is summarised." }),
    usedTokensEstimated: t.exposeInt("usedTokens", { description: "Four characters count as one." }),
    usedPercent: t.exposeFloat("usedPercent", { description: "Of the soft limit; 100 where something does not fit." }),
    messages: t.exposeInt("messages", { description: "How many messages that are." }),
    cutoffAt: t.expose("cutoffAt", {
      type: "DateTime",
      nullable: true,
      description: "What had been said by then is not told any more.",
    }),
    summary: t.exposeString("summary", { nullable: true, description: "Told in its place." }),
    measuredAt: t.expose("measuredAt", { type: "DateTime", description: "When this was counted." }),
  }),
});

builder.prismaObjectField(Agent, "context", (t) =>
  t.field({
    type: AgentContext,
    complexity: 100,
    description: "What a model is told of what was said; an error for those who may not see what it answers.",
    resolve: async (agent, _args, context) => {
      requireOnAgent(context, "get", "responses", agent);
      return measureContext(context.gateway, agentRespondent(await asItIs(context, agent)));
    },
  }),
);

builder.mutationFields((t) => ({
  clearContext: t.field({
    type: Agent,
    description: "From now on the agent's model is told nothing of what was said so far. The responses stay.",
    args: { agent: t.arg.id({ required: true, description: "The agent's name." }) },
    resolve: async (_root, { agent: name }, context) => {
      const agent = await agentFor(context, name, "update");
      await clearContext(context.gateway, agentRespondent(agent));
      return agent;
    },
  }),
  compactContext: t.field({
    type: Agent,
    description:
      "From now on the agent's model is told a summary of what was said so far, which it makes itself. CONFLICT without a model.",
    args: { agent: t.arg.id({ required: true, description: "The agent's name." }) },
    resolve: async (_root, { agent: name }, context) => {
      const agent = await agentFor(context, name, "update");
      await compactContext(context.gateway, agentRespondent(agent), context.signal);
      return agent;
    },
  }),
}));

/** An agent as an event shows it comes without its summary, and one that was just changed is not as it was read. */
async function asItIs(context: Context, agent: AgentRow): Promise<AgentRow> {
  const load = async (ids: readonly string[]) => {
    const rows = await context.gateway.store.agent.findMany({ where: { id: { in: [...ids] } } });
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id) ?? null);
  };
  return (await context.loader("agentsAsTheyAre", load).load(agent.id)) ?? agent;
}
