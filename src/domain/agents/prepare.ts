import { unavailable } from "../../errors.ts";
import { commit } from "../../events/commit.ts";
import { OutputCapture } from "../../engines/output-capture.ts";
import type { Gateway } from "../../gateway.ts";
import type { Reconciler } from "../../reconcile/queue.ts";
import type { Agent, Prisma } from "../../store/generated/client/client.ts";
import { writeInstructions } from "../computers/instructions.ts";
import { createPreparations } from "../computers/preparation.ts";
import { killLeftOverCommands, openWorkspace } from "../computers/workspace.ts";
import { agentStream } from "./agent.ts";
import { agentEnvironment } from "./environment.ts";
import { becomeReady } from "./ready.ts";

/** Prepares agents whose computer has come up for the first time. */
export function createPreparationReconciler(gateway: Gateway, mode: { readonly alone: boolean }): Reconciler {
  const waiting = { state: "INIT", prepared: false, computer: { phase: "RUNNING" } } as const;
  const { agent } = gateway.store;
  return createPreparations<Agent>(gateway, mode, {
    name: "preparations",
    // Set-up scripts may run long, and each keeps a computer of its own busy.
    concurrency: 64,
    waiting: () => agent.findMany({ where: waiting, select: { computerId: true } }),
    find: (computerId) => agent.findUnique({ where: { ...waiting, computerId } }),
    endsWith: { streamOf: ({ name }) => agentStream(name), types: ["agent.slept", "agent.deleted"] },
    prepare: (owner, signal, held) => prepareAgent(gateway, owner, signal, held),
  });
}

/**
 * Gets an agent's computer ready for its first response: writes its instructions and runs its set-up script. A script
 * that fails leaves the agent IDLE with the reason, and its responses fail with it.
 */
async function prepareAgent(
  gateway: Gateway,
  agent: Agent,
  signal: AbortSignal,
  held: Prisma.ComputerWhereInput,
): Promise<boolean> {
  const { id, computerId, instructions, setup } = agent;
  const workspace = openWorkspace(gateway, computerId, signal);
  await writeInstructions(gateway, computerId, instructions, signal);
  const outcome = agent.setupStatus === "PENDING" ? await runSetup(gateway, agent, workspace, signal) : {};
  // What was changed meanwhile is not what was written and run.
  const done = { ...outcome, prepared: true };
  return (
    (await commit(gateway, (unit) => becomeReady(unit, { id, instructions, setup, computer: held }, done))) !== null
  );
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
