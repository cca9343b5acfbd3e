import { asPayload } from "../../events/append.ts";
import type { Unit } from "../../events/commit.ts";
import { tellingOf } from "../../events/remembered.ts";
import type { JsonObject } from "../../json.ts";
import type { Agent, Prisma } from "../../store/generated/client/client.ts";
import type { SqlValue } from "../../store/sql.ts";
import { checkText } from "../../text.ts";
import { agentStream } from "./agent.ts";

/** `slept` and `deleted` bear their cause, so that what belongs to the agent can end truthfully. */
export type AgentEventType = "agent.created" | "agent.changed" | "agent.slept" | "agent.deleted";

/** Hands the agent a text to answer; whoever answers reacts to the event. @throws BAD_USER_INPUT for a bad one. */
export async function promptAgent(unit: Unit, agent: Agent, prompt: string | null | undefined): Promise<void> {
  checkText("prompt", prompt);
  if (!prompt) return;
  await unit.emit({
    stream: agentStream(agent.name),
    type: "agent.prompted",
    space: agent.spaceName,
    ownerId: agent.createdById,
    payload: { agentId: agent.id, prompt },
  });
}

/** How a change of an agent is told. */
interface AgentChange {
  readonly type: AgentEventType;
  readonly facts?: JsonObject;
}

/**
 * Changes the agent if it still is as `where` says, with its event; `null`, and no change, when it is not.
 * The one way to change an agent: what is read first can be old by the time of the write.
 */
export async function changeAgent(
  unit: Unit,
  where: Prisma.AgentWhereInput,
  data: Prisma.AgentUpdateManyMutationInput,
  event?: AgentChange,
): Promise<Agent | null> {
  const [agent] = await unit.tx.agent.updateManyAndReturn({ where, data: { updatedAt: unit.at, ...data } });
  return tell(unit, agent, event);
}

/** The same by a statement written by hand that returns the agent, for the changes there are most of. */
export async function changeAgentBy(
  unit: Unit,
  statement: string,
  values: readonly SqlValue[],
  event?: AgentChange,
): Promise<Agent | null> {
  const [agent] = await unit.sql.all<Agent>(statement, values);
  return tell(unit, agent, event);
}

async function tell(
  unit: Unit,
  agent: Agent | undefined,
  { type, facts }: AgentChange = { type: "agent.changed" },
): Promise<Agent | null> {
  if (!agent) return null;
  await emitAgent(unit, type, agent, facts);
  return agent;
}

/** Writes one event of the agent; its payload is the agent as it now is. */
export const emitAgent = (unit: Unit, type: AgentEventType, agent: Agent, facts: JsonObject = {}) =>
  unit.emit({
    stream: agentStream(agent.name),
    type,
    space: agent.spaceName,
    ownerId: agent.createdById,
    payload: tellingOf({ ...asPayload(snapshotOf(agent)), ...facts }, agent),
  });

/** What readers of events may see of an agent: everything but its long and private texts. */
export function snapshotOf(agent: Agent) {
  const { instructions: _1, setup: _2, setupOutput: _3, contextSummary: _4, nameKey: _5, ...shown } = agent;
  return shown;
}

export type AgentSnapshot = ReturnType<typeof snapshotOf>;

const dateColumns = [
  "publishedAt",
  "idleFrom",
  "busyFrom",
  "sleepAt",
  "contextCutoffAt",
  "lastActivityAt",
  "createdAt",
  "updatedAt",
] as const satisfies readonly (keyof AgentSnapshot)[];

/** The agent as an event shows it, with its dates as dates again. */
export function agentOf(event: { readonly payload: JsonObject }): AgentSnapshot {
  const agent: Record<string, unknown> = { ...event.payload };
  for (const column of dateColumns) {
    const text = agent[column];
    agent[column] = typeof text === "string" ? new Date(text) : null;
  }
  return agent as AgentSnapshot; // written by emitAgent
}
