import type { Engine, EngineJob, EngineOutcome, Failure, ItemBody } from "../../engines/engine.ts";
import { toolResult, toolUses } from "../../engines/items.ts";
import { conflict, GatewayError } from "../../errors.ts";
import { abortOn } from "../../events/abort-on.ts";
import { commit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import { isJsonObject } from "../../json.ts";
import type { Agent, Response } from "../../store/generated/client/client.ts";
import { agentEnvironment } from "../agents/environment.ts";
import { killLeftOverCommands, openWorkspace } from "../computers/workspace.ts";
import { emitItems, homeOf, moveResponse, responseFactsOf } from "./change.ts";
import { releaseClaim } from "./claim.ts";
import { becomeIdle } from "./end.ts";
import { historyBefore } from "./history.ts";
import { itemsOf } from "./items.ts";
import { isTerminal, responseStream, textOf } from "./response.ts";

/**
 * Has an engine answer a claimed response and stores how it ended. Stops when somebody else ends the response
 * (cancel, time-out, sleep, deletion), and when `shutdown` aborts.
 */
export async function answer(
  gateway: Gateway,
  engine: Engine,
  agent: Agent,
  response: Response,
  shutdown: AbortSignal,
): Promise<void> {
  const ended = whenEnded(gateway, response.id);
  try {
    // It may have ended after the claim and before anybody listened.
    if (!(await isOurs(gateway, response))) return;
    const signal = AbortSignal.any([ended.signal, shutdown]);
    // A second epoch means that an earlier process died in the middle: its commands may still run.
    if (response.epoch > 1) await killLeftOverCommands(gateway, agent.computerId);
    const job = jobFor(gateway, agent, response, signal);
    await job
      .then((ready) => engine.answer(ready))
      .then(
        (outcome) => finish(gateway, agent, response, outcome),
        async (error) => {
          const failure = failureOfError(gateway, error, signal);
          if (failure) await cutOff(gateway, agent, response, failure);
          else if (!ended.signal.aborted) await leave(gateway, agent, response, engine);
        },
      );
  } finally {
    ended.stop();
  }
}

const isOurs = async ({ store }: Gateway, { id, epoch }: Response) =>
  (await store.response.count({ where: { id, epoch, status: "PROCESSING" } })) > 0;

async function jobFor(gateway: Gateway, agent: Agent, response: Response, signal: AbortSignal): Promise<EngineJob> {
  const recorded = (await itemsOf(gateway, [response.id])).get(response.id) ?? [];
  return {
    responseId: response.id,
    text: isJsonObject(response.input) ? textOf(response.input) : "",
    instructions: agent.instructions,
    history: () => historyBefore(gateway, response),
    recorded: recorded.map(({ raw }) => raw),
    environment: await agentEnvironment(gateway, agent),
    handler: null,
    computer: openWorkspace(gateway, agent.computerId, signal),
    append: (item) => appendItem(gateway, agent, response, item),
    delta: (delta) => gateway.tail.publishDelta({ stream: responseStream(response.id), delta: { ...delta } }),
    signal,
  };
}

async function appendItem(gateway: Gateway, agent: Agent, { id, epoch }: Response, item: ItemBody): Promise<void> {
  await commit(gateway, async (unit) => {
    const where = { id, epoch, status: "PROCESSING" } as const;
    const { count } = await unit.tx.response.updateMany({ where, data: { updatedAt: unit.at } });
    if (count === 0) throw conflict(`Response "${id}" is no longer answered here`);
    await emitItems(unit, homeOf(agent), id, [item]);
  });
}

async function finish(
  gateway: Gateway,
  agent: Agent,
  { id, epoch }: Response,
  outcome: EngineOutcome,
  lastItems: readonly ItemBody[] = [],
): Promise<void> {
  const { status, ...details } = outcome;
  await commit(gateway, async (unit) => {
    const where = { id, epoch, status: "PROCESSING" } as const;
    const { count } = await unit.tx.response.updateMany({ where, data: { updatedAt: unit.at } });
    if (count === 0) return;
    await emitItems(unit, homeOf(agent), id, lastItems);
    const moved = await moveResponse(
      unit,
      homeOf(agent),
      where,
      status === "completed" ? "COMPLETED" : "FAILED",
      details,
    );
    if (moved) await becomeIdle(unit, agent.id);
  });
}

/** At shutdown a model's work is left for the next process, which goes on; a script's cannot be. */
async function leave(gateway: Gateway, agent: Agent, response: Response, engine: Engine): Promise<void> {
  if (engine.kind === "MODEL") await releaseClaim(gateway, response);
  else await cutOff(gateway, agent, response, interrupted("The gateway was stopped while the command ran"));
}

/** Ends a response that its engine did not: a tool call that is still open gets a result that says so. */
async function cutOff(gateway: Gateway, agent: Agent, response: Response, failure: Failure): Promise<void> {
  const recorded = (await itemsOf(gateway, [response.id])).get(response.id) ?? [];
  const open = toolUses(recorded.map(({ raw }) => raw)).filter(({ result }) => result === undefined);
  const results = open.map(({ call }) => toolResult(String(call["tool"]), `[exit_code:none]\n[${failure.message}]`));
  await finish(gateway, agent, response, { status: "failed", failure }, results);
}

const interrupted = (message: string): Failure => ({ reason: "INTERRUPTED", message });

/** How an error ends the response; `null` when the job was aborted and there is nothing to say. */
function failureOfError(gateway: Gateway, error: unknown, signal: AbortSignal): Failure | null {
  if (signal.aborted) return null;
  if (error instanceof GatewayError) return { reason: "COMPUTER_LOST", message: error.message };
  gateway.log.error({ err: error }, "an engine failed unexpectedly");
  return interrupted("The gateway met an internal error; its log has the details");
}

/** Aborts when the response has its terminal event, whoever wrote it. */
const whenEnded = ({ tail }: Gateway, id: string) =>
  abortOn(tail, responseStream(id), (event) => {
    const { status } = responseFactsOf(event);
    return status !== undefined && isTerminal(status);
  });
