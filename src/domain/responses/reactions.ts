import type { FailureReason } from "../../engines/engine.ts";
import type { Reaction } from "../../events/commit.ts";
import type { SleepCause } from "../agents/agent.ts";
import { agentOf } from "../agents/change.ts";
import { addResponse } from "./create.ts";
import { endUnfinished } from "./end.ts";

/** What happens to an agent happens to its responses, in the same transaction. */
export const responseReactions: readonly Reaction[] = [
  {
    to: ["agent.prompted"],
    async react(unit, { payload }) {
      const { agentId, prompt } = payload as { agentId: string; prompt: string }; // written by promptAgent
      await addResponse(unit, agentId, { text: prompt });
    },
  },
  {
    to: ["agent.slept", "agent.deleted"],
    async react(unit, event) {
      const agent = agentOf(event);
      const cause = event.type === "agent.deleted" ? "DELETED" : (event.payload["cause"] as SleepCause); // written by putToSleep
      const [reason, message] = endings[cause];
      const failure = { reason, message: message.replace("%", agent.lastError ?? "it failed again and again") };
      await endUnfinished(unit, agent, { status: "FAILED", failure, only: "PROCESSING" });
      await endUnfinished(unit, agent, { status: "FAILED", failure: cause === "BUSY_TIMEOUT" ? notBegun : failure });
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
