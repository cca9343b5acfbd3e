import { unavailable } from "../../errors.ts";
import { abortOn } from "../../events/abort-on.ts";
import { commit } from "../../events/commit.ts";
import { OutputCapture } from "../../engines/output-capture.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler } from "../../reconcile/queue.ts";
import type { Agent } from "../../store/generated/client/client.ts";
import { writeInstructions } from "../computers/instructions.ts";
import { computerOf } from "../computers/service.ts";
import { killLeftOverCommands, openWorkspace } from "../computers/workspace.ts";
import { agentStream } from "./agent.ts";
import { agentEnvironment } from "./environment.ts";
import { becomeReady } from "./ready.ts";

/** Set-up scripts may run long, and each keeps a computer of its own busy. */
const concurrency = 64;

/** Prepares agents whose computer has come up for the first time. Keyed by the agent's computer. */
export function createPreparationReconciler(gateway: Gateway): Reconciler {
  const shutdown = new AbortController();
  const waiting = { state: "INIT", prepared: false, computer: { phase: "RUNNING" } } as const;
  return {
    name: "preparations",
    concurrency,
    wants: (event) => (event.type === "computer.running" ? computerOf(event).id : null),
    keys: async () => {
      const agents = await gateway.store.agent.findMany({ where: waiting, select: { computerId: true } });
      return agents.map(({ computerId }) => computerId);
    },
    reconcile: async (computerId) => {
      const agent = await gateway.store.agent.findUnique({ where: { ...waiting, computerId } });
      const done = !agent || (await prepareAgent(gateway, agent, shutdown.signal));
      return { againAfterMs: done ? null : 0 };
    },
    stop: async () => shutdown.abort(),
  };
}

/**
 * Gets an agent's computer ready for its first response: writes its instructions and runs its set-up script.
 * Repeated from the start when the gateway or the computer ends in the middle. A script that fails leaves the agent
 * IDLE with the reason, and its responses fail with it. `false` when all of it must be done once more.
 */
async function prepareAgent(gateway: Gateway, agent: Agent, shutdown: AbortSignal): Promise<boolean> {
  const ending = whenEnding(gateway, agent);
  const signal = AbortSignal.any([ending.signal, shutdown]);
  try {
    const workspace = openWorkspace(gateway, agent.computerId, signal);
    await writeInstructions(gateway, agent.computerId, agent.instructions, signal);
    const outcome = agent.setupStatus === "PENDING" ? await runSetup(gateway, agent, workspace, signal) : {};
    // What was changed meanwhile is not what was written and run.
    const { id, instructions, setup } = agent;
    const done = { ...outcome, prepared: true };
    return (await commit(gateway, (unit) => becomeReady(unit, { id, instructions, setup }, done))) !== null;
  } catch (error) {
    // Whoever put the agent to sleep or deleted it has said all there is to say; a shutdown has nothing to say.
    if (!signal.aborted) throw error;
    return true;
  } finally {
    ending.stop();
  }
}

async function runSetup(
  gateway: Gateway,
  agent: Agent,
  workspace: ReturnType<typeof openWorkspace>,
  signal: AbortSignal,
) {
  await killLeftOverCommands(gateway, agent.computerId);
  const output = new OutputCapture();
  const { end, exitCode } = await workspace.run({
    argv: ["bash", "-c", agent.setup ?? ""],
    env: await agentEnvironment(gateway, agent),
    timeoutMs: agent.busyTimeoutSeconds * 1000,
    signal,
    onOutput: (chunk, stream) => void output.push(chunk, stream),
  });
  signal.throwIfAborted();
  // The computer is started again, and the script with it; five deaths in a row end both.
  if (end === "containerLost") throw unavailable("The computer ended while the set-up script ran");
  const setupOutput = output.finish();
  if (end === "exited" && exitCode === 0) return { setupStatus: "DONE", setupOutput, lastError: null } as const;
  const lastError =
    end === "exited" ? `The set-up script ended with exit code ${exitCode}` : `The set-up script ended early: ${end}`;
  return { setupStatus: "FAILED", setupOutput, lastError } as const;
}

/** Aborts when the agent is put to sleep or deleted. */
const whenEnding = ({ tail }: Gateway, { name }: Agent) =>
  abortOn(tail, agentStream(name), ({ type }) => type === "agent.slept" || type === "agent.deleted");
