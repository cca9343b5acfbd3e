import { notFound } from "../../errors.ts";
import type { Unit } from "../../events/commit.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { targetOf } from "../agents/access.ts";
import { entering } from "../agents/agent.ts";
import { changeAgent } from "../agents/change.ts";
import { agentEnvironment } from "../agents/environment.ts";
import { wakeInside } from "../agents/wake.ts";
import type { Home } from "./change.ts";
import { historyBefore } from "./history.ts";
import type { Respondent } from "./respondent.ts";

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
  environment: (gateway) => agentEnvironment(gateway, agent),
  context: { cutoffAt: agent.contextCutoffAt, summary: agent.contextSummary },
  history: (gateway, response) => historyBefore(gateway, agent, response),
  handler: async () => null,
  receive: async (unit) => agentRespondent(await receive(unit, agent)),
  becomeBusy: async (unit, from) =>
    (await changeAgent(unit, { id: agent.id, state: from }, entering("BUSY", unit.at))) !== null,
  setContext: async (unit, { cutoffAt, summary }, expected) =>
    (await changeAgent(
      unit,
      { id: agent.id, ...(expected === undefined ? {} : { contextCutoffAt: expected }) },
      { contextCutoffAt: cutoffAt, contextSummary: summary },
    )) !== null,
  async becomeIdle(unit) {
    const where = { id: agent.id, state: "BUSY", responses: { none: { status: "PROCESSING" } } } as const;
    await changeAgent(unit, where, entering("IDLE", unit.at));
  },
});

async function receive(unit: Unit, { id, name }: Agent): Promise<Agent> {
  const agent =
    (await wakeInside(unit, id)) ??
    (await changeAgent(unit, { id, state: "IDLE" }, { lastActivityAt: unit.at, idleFrom: unit.at })) ??
    (await unit.tx.agent.findUnique({ where: { id } }));
  if (!agent) throw notFound("Agent", name);
  return agent;
}

function setupFailureOf({ setupStatus, setupOutput, lastError }: Agent): Respondent["broken"] {
  if (setupStatus !== "FAILED") return null;
  const message = lastError ?? "The set-up script failed";
  return { reason: "SETUP_FAILED", message, evidence: { output: setupOutput?.slice(-2000) } };
}
