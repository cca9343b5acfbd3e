import { asPayload } from "../../events/append.ts";
import type { Unit } from "../../events/commit.ts";
import { tellingOf } from "../../events/remembered.ts";
import type { JsonObject } from "../../json.ts";
import type { Agent, Prisma } from "../../store/generated/client/client.ts";
import { orderComputer } from "../computers/service.ts";
import { agentStream, entering, type SleepCause } from "./agent.ts";
import { checkText } from "../../text.ts";

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

/**
 * Changes the agent if it still is as `where` says, with its event; `null`, and no change, when it is not.
 * The one way to change an agent: what is read first can be old by the time of the write.
 */
export async function changeAgent(
  unit: Unit,
  where: Prisma.AgentWhereInput,
  data: Prisma.AgentUpdateManyMutationInput,
  event: { readonly type: AgentEventType; readonly facts?: JsonObject } = { type: "agent.changed" },
): Promise<Agent | null> {
  const [agent] = await unit.tx.agent.updateManyAndReturn({ where, data: { updatedAt: unit.at, ...data } });
  if (!agent) return null;
  await emitAgent(unit, event.type, agent, event.facts);
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

/** Puts the agent and its computer to sleep inside a change; `null` when it sleeps already. */
export async function putToSleep(unit: Unit, id: string, cause: SleepCause, more: SleepDetails = {}) {
  const agent = await changeAgent(
    unit,
    { id, state: { not: "SLEPT" }, ...more.only },
    { ...entering("SLEPT", unit.at), ...(more.lastError === undefined ? {} : { lastError: more.lastError }) },
    { type: "agent.slept", facts: { cause, ...more.facts } },
  );
  // A computer that was given up is stopped already.
  if (agent && cause !== "COMPUTER_FAILED") await orderComputer(unit, agent.computerId, "PAUSED");
  return agent;
}

interface SleepDetails {
  /** Further conditions on the agent. */
  readonly only?: Prisma.AgentWhereInput;
  readonly lastError?: string | null;
  readonly facts?: JsonObject;
}
