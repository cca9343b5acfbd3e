import { badInput } from "../../errors.ts";
import type { Agent, AgentState } from "../../store/generated/client/client.ts";

/** Document C, "Agents". */
const namePattern = /^[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$/;
const tagPattern = /^[A-Za-z0-9]+$/;
const mostTags = 100;
const longestTag = 64;
export const defaultIdleTimeoutSeconds = 300;
export const defaultBusyTimeoutSeconds = 900;

/** The stream of an agent's events. */
export const agentStream = (name: string) => `agent:${name}`;

/** Names are unique without regard to case. */
export const nameKeyOf = (name: string) => name.toLowerCase();

/** @throws BAD_USER_INPUT unless the text may name an agent. */
export function checkAgentName(name: string): void {
  if (!namePattern.test(name)) {
    throw badInput("name", `"name" must match ${namePattern.source}: letters, digits and "-", 2 to 63 of them`);
  }
}

/** @throws BAD_USER_INPUT unless every tag is made of letters and digits. */
export function checkTags(tags: readonly string[]): void {
  if (tags.length > mostTags) throw badInput("tags", `"tags" may hold ${mostTags} tags at the most`);
  for (const tag of tags) {
    const good = tagPattern.test(tag) && tag.length <= longestTag;
    if (!good) throw badInput("tags", `Tag ${JSON.stringify(tag)} must be 1 to ${longestTag} letters and digits`);
  }
}

/** Why an agent was put to sleep. */
export type SleepCause = "ORDER" | "IDLE_TIMEOUT" | "BUSY_TIMEOUT" | "COMPUTER_FAILED";

/** What falls due next for an agent, and when; `null` when nothing is counting. */
export function nextDeadline(agent: Deadlines): { readonly cause: SleepCause; readonly at: Date } | null {
  if (agent.state === "SLEPT") return null;
  const due = [
    { cause: "ORDER" as const, at: agent.sleepAt },
    {
      cause: "IDLE_TIMEOUT" as const,
      at: agent.state === "IDLE" ? after(agent.idleFrom, agent.idleTimeoutSeconds) : null,
    },
    {
      cause: "BUSY_TIMEOUT" as const,
      at: agent.state === "BUSY" ? after(agent.busyFrom, agent.busyTimeoutSeconds) : null,
    },
  ];
  const counting = due.flatMap(({ cause, at }) => (at ? [{ cause, at }] : []));
  return counting.toSorted((a, b) => a.at.getTime() - b.at.getTime())[0] ?? null;
}

type Deadlines = Pick<
  Agent,
  "state" | "sleepAt" | "idleFrom" | "idleTimeoutSeconds" | "busyFrom" | "busyTimeoutSeconds"
>;

const after = (from: Date | null, seconds: number) => (from ? new Date(from.getTime() + seconds * 1000) : null);

/** The columns that go with a state of one that is awake: what counts from when. */
export function entering(state: Exclude<AgentState, "SLEPT">, now: Date) {
  return {
    state,
    idleFrom: state === "IDLE" ? now : null,
    busyFrom: state === "BUSY" ? now : null,
    lastActivityAt: now,
    updatedAt: now,
    ...(state === "INIT" ? { sleepAt: null } : {}),
  };
}
