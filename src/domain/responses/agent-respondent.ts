import { notFound } from "../../errors.ts";
import type { Unit } from "../../events/commit.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { targetOf } from "../agents/access.ts";
import { changeAgent } from "../agents/change.ts";
import { agentEnvironment } from "../agents/environment.ts";
import { wakeInside } from "../agents/wake.ts";
import { beginWork, endWork, holdAgent, touchIdle } from "../agents/work.ts";
import type { Home } from "./change.ts";
import { historyBefore } from "./history.ts";
import { readOnce, type Respondent } from "./respondent.ts";

/** Where the events of an agent's responses belong beside their streams. */
export const homeOfAgent = (agent: Pick<Agent, "id" | "name" | "spaceName" | "createdById">): Home => ({
  id: agent.id,
  space: agent.spaceName,
  ownerId: agent.createdById,
  partOf: "agents",
  facts: { agent: agent.name, agentId: agent.id },
});

/** An agent as the one who answers. */
export const agentRespondent = (agent: Agent): Respondent => ({
  ...homeOfAgent(agent),
  title: `Agent "${agent.name}"`,
  computerId: agent.computerId,
  state: agent.state,
  prepared: agent.prepared,
  engine: agent.engine,
  broken: setupFailureOf(agent),
  columns: { agentId: agent.id },
  target: targetOf(agent),
  resource: "agents",
  responseResource: "responses",
  instructions: async () => agent.instructions,
  environment: readOnce((gateway) => agentEnvironment(gateway, agent)),
  context: { cutoffAt: agent.contextCutoffAt, summary: agent.contextSummary },
  history: (gateway, response) => historyBefore(gateway, agent, response),
  handler: async () => null,
  receive: async (unit) => agentRespondent(await receive(unit, agent)),
  becomeBusy: async (unit, from) => (await beginWork(unit, agent.id, from)) !== null,
  setContext: async (unit, { cutoffAt, summary }, expected) =>
    (await changeAgent(
      unit,
      { id: agent.id, ...(expected === undefined ? {} : { contextCutoffAt: expected }) },
      { contextCutoffAt: cutoffAt, contextSummary: summary },
    )) !== null,
  becomeIdle: async (unit) => void (await endWork(unit, agent.id)),
});

async function receive(unit: Unit, { id, name }: Agent): Promise<Agent> {
  const agent = (await touchIdle(unit, id)) ?? (await holdAgent(unit, id));
  if (!agent) throw notFound("Agent", name);
  return agent.state === "SLEPT" ? ((await wakeInside(unit, id)) ?? agent) : agent;
}

function setupFailureOf({ setupStatus, setupOutput, lastError }: Agent): Respondent["broken"] {
  if (setupStatus !== "FAILED") return null;
  const message = lastError ?? "The set-up script failed";
  return { reason: "SETUP_FAILED", message, evidence: { output: setupOutput?.slice(-2000) } };
}
