import type { FailureReason } from "../../engines/engine.ts";
import type { Reaction } from "../../events/commit.ts";
import type { SleepCause } from "../agents/agent.ts";
import { agentOf } from "../agents/change.ts";
import { type RestCause, restCauseOf, sessionOf } from "../sessions/change.ts";
import { homeOfAgent } from "./agent-respondent.ts";
import { addResponse } from "./create.ts";
import { endUnfinished } from "./end.ts";
import { findRespondent } from "./find-respondent.ts";
import { homeOfSession } from "./session-respondent.ts";

/** What happens to an agent or a session happens to its responses, in the same transaction. */
export const responseReactions: readonly Reaction[] = [
  {
    to: ["agent.prompted"],
    async react(unit, { payload }) {
      const { agentId, prompt } = payload as { agentId: string; prompt: string }; // written by promptAgent
      const agent = await findRespondent(unit.tx, agentId);
      if (agent) await addResponse(unit, agent, { text: prompt });
    },
  },
  {
    to: ["agent.slept", "agent.deleted"],
    async react(unit, event) {
      const agent = agentOf(event);
      const cause = event.type === "agent.deleted" ? "DELETED" : (event.payload["cause"] as SleepCause); // written by putToSleep
      const [reason, message] = endings[cause];
      const failure = { reason, message: message.replace("%", agent.lastError ?? "it failed again and again") };
      const home = homeOfAgent(agent);
      await endUnfinished(unit, home, { status: "FAILED", failure, ...(cause === "BUSY_TIMEOUT" ? { notBegun } : {}) });
    },
  },
  {
    to: ["session.rested", "session.deleted"],
    async react(unit, event) {
      const session = sessionOf(event);
      const cause = event.type === "session.deleted" ? "DELETED" : restCauseOf(event);
      const [reason, message] = sessionEndings[cause];
      const failure = { reason, message: message.replace("%", session.lastError ?? "it failed again and again") };
      await endUnfinished(unit, homeOfSession(session), { status: "FAILED", failure });
    },
  },
  {
    to: ["session.timedOut"],
    async react(unit, event) {
      const failure = {
        reason: "TIMEOUT",
        message: "The session's busy timeout was over before it had finished",
      } as const;
      await endUnfinished(unit, homeOfSession(sessionOf(event)), { status: "FAILED", failure, only: "PROCESSING" });
    },
  },
];

/** What only waited has not used up anybody's time. */
const notBegun = {
  reason: "AGENT_SLEPT",
  message: "The agent fell asleep before its turn: another response took all of the busy timeout",
} as const;

const endings: Readonly<Record<SleepCause | "DELETED", readonly [FailureReason, string]>> = {
  ORDER: ["AGENT_SLEPT", "The agent was put to sleep before it had finished"],
  IDLE_TIMEOUT: ["AGENT_SLEPT", "The agent fell asleep: nobody answered within its idle timeout"],
  BUSY_TIMEOUT: ["TIMEOUT", "The agent's busy timeout was over before it had finished"],
  COMPUTER_FAILED: ["COMPUTER_LOST", "The agent's computer was given up: %"],
  DELETED: ["AGENT_DELETED", "The agent was deleted before it had finished"],
};

const sessionEndings: Readonly<Record<RestCause | "DELETED", readonly [FailureReason, string]>> = {
  PAUSED: ["SESSION_PAUSED", "The session was paused before it had finished"],
  SUSPENDED: ["SESSION_PAUSED", "The session was suspended before it had finished"],
  CLOSED: ["SESSION_PAUSED", "The session was closed before it had finished"],
  COMPUTER_FAILED: ["COMPUTER_LOST", "The session's computer was given up: %"],
  DELETED: ["SESSION_DELETED", "The session was deleted before it had finished"],
};
