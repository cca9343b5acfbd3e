import type { Engine, EngineJob, EngineOutcome, Failure, ItemBody, Usage } from "../../engines/engine.ts";
import { conflict, GatewayError } from "../../errors.ts";
import { abortOn } from "../../events/abort-on.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Response } from "../../store/generated/client/client.ts";
import { killLeftOverCommands, openWorkspace } from "../computers/workspace.ts";
import { UnreadableSecret } from "../secrets/owned.ts";
import { emitItems, moveResponse, responseFactsOf } from "./change.ts";
import { isHeld, releaseClaim } from "./claim.ts";
import { itemsOf } from "./items.ts";
import type { Respondent } from "./respondent.ts";
import { bytesOf, checkItemBytes, isTerminal, responseStream, wordsOf } from "./response.ts";

/**
 * Has an engine answer a claimed response and stores how it ended. Stops when somebody else ends the response
 * (cancel, time-out, sleep, deletion), and when `shutdown` aborts.
 */
export async function answer(
  gateway: Gateway,
  engine: Engine,
  respondent: Respondent,
  response: Response,
  shutdown: AbortSignal,
): Promise<void> {
  const ended = whenEnded(gateway, response.id);
  try {
    // It may have ended after the claim and before anybody listened.
    if (!(await isHeld(gateway, response))) return;
    const signal = AbortSignal.any([ended.signal, shutdown]);
    // A second epoch means that an earlier process died in the middle: its commands may still run.
    if (response.epoch > 1) await killLeftOverCommands(gateway, respondent.computerId);
    const job = jobFor(gateway, respondent, response, signal);
    await job
      .then((ready) => (engine.kind === "HANDLER" && !ready.handler ? handlerGone(response) : engine.answer(ready)))
      .then(
        (outcome) => {
          ended.stop(); // it need not hear of the end that it makes
          return finish(gateway, respondent, response, outcome);
        },
        async (error) => {
          const failure = failureOfError(gateway, error, signal);
          if (failure) await finish(gateway, respondent, response, { status: "failed", failure });
          else if (!ended.signal.aborted) await leave(gateway, respondent, response, engine);
        },
      );
  } finally {
    ended.stop();
  }
}

async function jobFor(
  gateway: Gateway,
  respondent: Respondent,
  response: Response,
  signal: AbortSignal,
): Promise<EngineJob> {
  const [recorded, instructions, environment, handler] = await Promise.all([
    response.epoch > 1 ? recordedBy(gateway, response) : [],
    respondent.instructions(gateway),
    respondent.environment(gateway),
    respondent.handler(gateway, response),
  ]);
  return {
    responseId: response.id,
    text: wordsOf(response),
    instructions,
    summary: respondent.context.summary,
    history: () => respondent.history(gateway, response),
    compact: (summary, item, spent) => compact(gateway, respondent, response, { summary, item, spent }),
    recorded,
    environment,
    handler,
    computer: openWorkspace(gateway, respondent.computerId, signal),
    append: (item, spent) => appendItem(gateway, respondent, response, item, spent),
    delta: (delta) => gateway.tail.publishDelta({ stream: responseStream(response.id), delta: { ...delta } }),
    signal,
  };
}

/** What was said in answer so far. */
async function recordedBy(gateway: Gateway, { id }: Response): Promise<readonly ItemBody[]> {
  const items = await itemsOf(gateway, [id]);
  return (items.get(id) ?? []).map(({ raw }) => raw);
}

async function appendItem(
  gateway: Gateway,
  respondent: Respondent,
  response: Response,
  item: ItemBody,
  spent?: Usage,
): Promise<void> {
  await commit(gateway, async (unit) => {
    await holdClaim(unit, response, item, spent);
    await emitItems(unit, respondent, response.id, [item]);
  });
}

/** What ended before this response was begun is summed up; this one ends later, and so will be told whole. */
async function compact(
  gateway: Gateway,
  respondent: Respondent,
  response: Response,
  { summary, item, spent }: { readonly summary: string; readonly item: ItemBody; readonly spent: Usage },
): Promise<void> {
  const cutoffAt = new Date((response.startedAt ?? response.createdAt).getTime() - 1);
  await commit(gateway, async (unit) => {
    await holdClaim(unit, response, item, spent);
    const isSet = await respondent.setContext(unit, { cutoffAt, summary }, respondent.context.cutoffAt);
    if (isSet) await emitItems(unit, respondent, response.id, [item]);
  });
}

/**
 * Counts an item and what was spent for it, if this process still answers the response.
 *
 * @throws CONFLICT when somebody else answers it, or has ended it; PAYLOAD_TOO_LARGE when the item is one too many.
 */
async function holdClaim({ sql, at }: Unit, { id, epoch }: Response, item: ItemBody, spent?: Usage): Promise<void> {
  const counted = [spent?.inputTokens ?? 0, spent?.outputTokens ?? 0, bytesOf([item])];
  const [held] = await sql.all<Pick<Response, "id" | "itemBytes">>(hold, [at, ...counted, id, epoch]);
  if (!held) throw conflict(`Response "${id}" is no longer answered here`);
  checkItemBytes(held);
}

const hold = `UPDATE "Response" SET "updatedAt" = ?, "inputTokens" = "inputTokens" + ?,
  "outputTokens" = "outputTokens" + ?, "itemBytes" = "itemBytes" + ?
  WHERE "id" = ? AND "epoch" = ? AND "status" = 'PROCESSING' RETURNING "id", "itemBytes"`;

async function finish(
  gateway: Gateway,
  respondent: Respondent,
  { id, epoch }: Response,
  outcome: EngineOutcome,
): Promise<void> {
  const { status, ...details } = outcome;
  await commit(gateway, async (unit) => {
    const where = { id, epoch, status: "PROCESSING" } as const;
    const moved = await moveResponse(unit, respondent, where, status === "completed" ? "COMPLETED" : "FAILED", details);
    if (moved) await respondent.becomeIdle(unit);
  });
}

/** At shutdown a model's work is left for the next process, which goes on; a script's cannot be. */
async function leave(gateway: Gateway, respondent: Respondent, response: Response, engine: Engine): Promise<void> {
  if (engine.kind === "MODEL") await releaseClaim(gateway, response);
  else await finish(gateway, respondent, response, { status: "failed", failure: stopped });
}

const stopped: Failure = { reason: "INTERRUPTED", message: "The gateway was stopped while the command ran" };

const handlerGone = ({ spaceAgent }: Response): EngineOutcome => ({
  status: "failed",
  failure: {
    reason: "HANDLER_FAILED",
    message:
      `The code of agent "${spaceAgent}" is not in this computer any more. Once the latest build of the space has it, ` +
      "close and restore the session, then send the message again",
  },
});

const interrupted = (message: string): Failure => ({ reason: "INTERRUPTED", message });

/** How an error ends the response; `null` when the job was aborted and there is nothing to say. */
function failureOfError(gateway: Gateway, error: unknown, signal: AbortSignal): Failure | null {
  if (signal.aborted) return null;
  if (isTooMuch(error)) return { reason: "STEP_LIMIT", message: error.message };
  if (error instanceof UnreadableSecret) return interrupted(error.message);
  if (error instanceof GatewayError) return { reason: "COMPUTER_LOST", message: error.message };
  gateway.log.error({ err: error }, "an engine failed unexpectedly");
  return interrupted("The gateway met an internal error; its log has the details");
}

/** Engines read no files but by tools, which say themselves what went wrong: so it is what they record. */
const isTooMuch = (error: unknown): error is GatewayError =>
  error instanceof GatewayError && error.code === "PAYLOAD_TOO_LARGE";

/** Aborts when the response has its terminal event, whoever wrote it. */
const whenEnded = ({ tail }: Gateway, id: string) =>
  abortOn(tail, responseStream(id), (event) => {
    const { status } = responseFactsOf(event);
    return status !== undefined && isTerminal(status);
  });
