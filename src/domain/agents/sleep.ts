import { badInput, conflict, notFound } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { JsonObject } from "../../json.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { checkText } from "../../text.ts";
import { orderComputer } from "../computers/service.ts";
import { longestTimeoutSeconds } from "../spaces/choices.ts";
import type { SleepCause } from "./agent.ts";
import { changeAgent, changeAgentBy } from "./change.ts";

export interface SleepOrder {
  readonly delaySeconds?: number | null;
  /** A word for the log on why. */
  readonly note?: string | null;
}

/**
 * Puts an agent to sleep, now or after a delay: its computer is frozen at once and stopped when nobody wakes it
 * soon; its files stay. What it was answering ends as `failed` with reason AGENT_SLEPT.
 *
 * Sleeping a sleeper succeeds and changes nothing.
 *
 * @throws NOT_FOUND when the agent is gone.
 */
export async function sleepAgent(gateway: Gateway, id: string, order: SleepOrder = {}): Promise<Agent> {
  const delaySeconds = order.delaySeconds ?? 0;
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > longestTimeoutSeconds) {
    throw badInput("delaySeconds", `"delaySeconds" must be a whole number from 0 to ${longestTimeoutSeconds}`);
  }
  checkText("note", order.note);
  const facts = order.note ? { note: order.note } : {};
  return commit(gateway, async (unit) => {
    const sleepAt = new Date(unit.at.getTime() + delaySeconds * 1000);
    const agent =
      delaySeconds === 0
        ? await putToSleep(unit, id, "ORDER", { facts })
        : await changeAgent(unit, { id, state: { not: "SLEPT" } }, { sleepAt }, { type: "agent.changed", facts });
    return agent ?? agentById(unit.tx, id);
  });
}

interface SleepDetails {
  /** The agent as it must still be, in what its deadlines count from. */
  readonly only?: Pick<Agent, "state" | "idleFrom" | "busyFrom" | "sleepAt">;
  /** What went wrong, if something did. */
  readonly lastError?: string | null;
  readonly facts?: JsonObject;
}

// By hand, for it is waited for until the computer stands still.
const toSleep = (
  only = "",
) => `UPDATE "Agent" SET "state" = 'SLEPT', "idleFrom" = NULL, "busyFrom" = NULL, "sleepAt" = NULL,
  "lastError" = COALESCE(?, "lastError"), "lastActivityAt" = ?, "updatedAt" = ? WHERE "id" = ?
  AND "state" <> 'SLEPT' ${only} RETURNING *`;
const sleep = toSleep();
const sleepIfAsSeen = toSleep(`AND "state" = ? AND "idleFrom" IS NOT DISTINCT FROM ?
  AND "busyFrom" IS NOT DISTINCT FROM ? AND "sleepAt" IS NOT DISTINCT FROM ?`);

/** Puts the agent and its computer to sleep inside a change; `null`, and no change, when it sleeps already. */
export async function putToSleep(
  unit: Unit,
  id: string,
  cause: SleepCause,
  { only, lastError = null, facts }: SleepDetails = {},
): Promise<Agent | null> {
  const seen = only ? [only.state, only.idleFrom, only.busyFrom, only.sleepAt] : [];
  const agent = await changeAgentBy(unit, only ? sleepIfAsSeen : sleep, [lastError, unit.at, unit.at, id, ...seen], {
    type: "agent.slept",
    facts: { cause, ...facts },
  });
  // A computer that was given up is stopped already.
  if (agent && cause !== "COMPUTER_FAILED") await orderComputer(unit, agent.computerId, "PAUSED");
  return agent;
}

/** @throws NOT_FOUND when the agent is gone. */
export async function agentById(store: Pick<Gateway["store"], "agent">, id: string): Promise<Agent> {
  const agent = await store.agent.findUnique({ where: { id } });
  if (!agent) throw notFound("Agent", id);
  return agent;
}

/** The refusal of a move that the present state does not permit. */
export const cannotMove = (agent: Agent, to: string) =>
  conflict(`Agent "${agent.name}" cannot become ${to.toLowerCase()} while it is ${agent.state.toLowerCase()}`, {
    state: agent.state,
  });
