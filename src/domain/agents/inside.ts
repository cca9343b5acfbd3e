import { badInput, conflict } from "../../errors.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { type CommandOutcome, type Inside, openInside } from "../computers/inside.ts";
import { agentEnvironment } from "./environment.ts";
import { touchIdle } from "./work.ts";

const longestCommandSeconds = 3600;
const usualCommandSeconds = 60;

/**
 * What is inside an agent's computer.
 *
 * @throws CONFLICT while the agent sleeps: looking at its files does not wake it.
 */
export function insideOf(gateway: Gateway, agent: Agent, signal: AbortSignal): Inside {
  if (agent.state === "SLEPT") {
    throw conflict(`Agent "${agent.name}" is slept; wake it first`, { state: agent.state });
  }
  return openInside(gateway, agent.computerId, signal);
}

/**
 * Runs one command in the agent's computer, with its secrets in the environment. It is activity: the idle timeout
 * counts anew.
 *
 * @throws BAD_USER_INPUT without a command, or for a time limit that is none; CONFLICT while the agent sleeps.
 */
export async function execInAgent(
  gateway: Gateway,
  agent: Agent,
  command: readonly string[],
  timeoutSeconds: number | null | undefined,
  signal: AbortSignal,
): Promise<CommandOutcome> {
  const seconds = timeoutSeconds ?? usualCommandSeconds;
  if (!command[0]) throw badInput("command", `"command" must name a program`);
  if (seconds < 1 || seconds > longestCommandSeconds) {
    throw badInput("timeoutSeconds", `"timeoutSeconds" must be from 1 to ${longestCommandSeconds}`);
  }
  const inside = insideOf(gateway, agent, signal);
  const { promise: started, resolve: onStart } = Promise.withResolvers<void>();
  const env = await agentEnvironment(gateway, agent);
  const running = inside.run({ command, env, timeoutSeconds: seconds, onStart });
  // A commit holds up all that this process does: the command does not wait for it, so it waits for the command.
  await Promise.race([started, running]);
  const [outcome] = await Promise.all([running, commit(gateway, (unit) => touchIdle(unit, agent.id))]);
  return outcome;
}
