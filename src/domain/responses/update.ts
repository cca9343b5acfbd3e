import type { ItemBody } from "../../engines/engine.ts";
import { badInput, conflict, notFound } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import { isJsonObject, type JsonObject } from "../../json.ts";
import type { Prisma, Response, ResponseStatus } from "../../store/generated/client/client.ts";
import { checkJsonText } from "../../text.ts";
import { emitItems, emitText, moveResponse } from "./change.ts";
import { alreadyEnded } from "./end.ts";
import type { Respondent } from "./respondent.ts";
import { bytesOf, checkInput, checkItemBytes, isTerminal, responseStream } from "./response.ts";

/** What an external worker says of a response (document C, "Update a response"). */
export interface UpdateResponseInput {
  readonly status?: ResponseStatus | null;
  /** Replaces the input. */
  readonly input?: unknown;
  /** `text` replaces, `items` append, other keys overwrite. */
  readonly output?: unknown;
}

const mostItems = 1000;

/**
 * Changes a response from outside: items and text as they come, and at last how it ended.
 *
 * @throws CONFLICT when the response has ended, is answered by the gateway itself, or cannot go back to `status`;
 *   PAYLOAD_TOO_LARGE for more items than one may have.
 */
export async function updateResponse(
  gateway: Gateway,
  respondent: Respondent,
  id: string,
  said: UpdateResponseInput,
): Promise<Response> {
  const change = checkUpdate(said);
  const updated = await commit(gateway, async (unit) => {
    const held = await holdOpen(unit, respondent.id, id, change.items);
    refuseToGoBack(held, change.status);
    await emitItems(unit, respondent, id, change.items);
    if (change.text !== undefined && !(change.status && isTerminal(change.status))) {
      await emitText(unit, respondent, id, change.text);
    }
    const response = await writeColumns(unit, held, change);
    if (!change.status || change.status === held.status) return response;
    return moveHeld(unit, respondent, response, change.status);
  });
  // Watchers are told of items, texts and statuses; of the input and of other keys there is no event.
  gateway.memory.forget(responseStream(id));
  return updated;
}

const open = `UPDATE "Response" SET "updatedAt" = ?, "itemBytes" = "itemBytes" + ? WHERE "id" = ? AND "respondentId" = ?
  AND "status" IN ('PENDING', 'PROCESSING') AND "leaseOwner" IS NULL RETURNING *`;

/** The response, its new items counted, which nobody else can change until the change at hand is made. */
async function holdOpen(
  { sql, tx, at }: Unit,
  respondentId: string,
  id: string,
  items: readonly ItemBody[],
): Promise<Response> {
  const [held] = await sql.all<Response>(open, [at, bytesOf(items), id, respondentId]);
  if (held) {
    checkItemBytes(held);
    return held;
  }
  const present = await tx.response.findUnique({ where: { id, respondentId } });
  if (!present) throw notFound("Response", id);
  if (isTerminal(present.status)) throw alreadyEnded(present);
  const only = "only responses of the engine EXTERNAL can be updated from outside";
  throw conflict(`Response "${present.id}" is answered by the gateway itself; ${only}`);
}

/** Most appends change none. */
async function writeColumns({ tx }: Unit, held: Response, { input, text, other }: Change): Promise<Response> {
  const columns: Prisma.ResponseUpdateInput = {
    ...(input ? { input } : {}),
    ...(text === undefined ? {} : { outputText: text }),
    ...(Object.keys(other).length > 0 ? { outputOther: { ...(held.outputOther as Prisma.JsonObject), ...other } } : {}),
  };
  return Object.keys(columns).length === 0 ? held : tx.response.update({ where: { id: held.id }, data: columns });
}

/** A worker that takes a response makes its respondent busy; one that ends the last makes it idle. */
async function moveHeld(unit: Unit, respondent: Respondent, held: Response, status: ResponseStatus): Promise<Response> {
  const begins = status !== "PENDING" && !held.startedAt;
  const details = { engine: begins ? "EXTERNAL" : undefined, ...failureIf(status) } as const;
  const moved = await moveResponse(unit, respondent, { id: held.id, status: held.status }, status, details);
  if (!moved) throw conflict(`Response "${held.id}" was changed by somebody else at the same time`);
  if (status === "PROCESSING") await respondent.becomeBusy(unit, "IDLE");
  else await respondent.becomeIdle(unit);
  return moved;
}

interface Change {
  readonly status: ResponseStatus | null;
  readonly input: JsonObject | null;
  readonly text: string | undefined;
  readonly items: readonly ItemBody[];
  readonly other: JsonObject;
}

function checkUpdate({ status, input, output }: UpdateResponseInput): Change {
  if (output != null && !isJsonObject(output)) throw badInput("output", `"output" must be a JSON object`);
  const { text, items, ...other } = output ?? {};
  if (text != null && typeof text !== "string") throw badInput("output.text", `"output.text" must be a string`);
  checkJsonText("output", output);
  if (status === "CANCELLED") {
    throw badInput("status", `"status" must be PENDING, PROCESSING, COMPLETED or FAILED; to cancel use cancelResponse`);
  }
  return {
    status: status ?? null,
    input: input == null ? null : checkInput(input),
    text: text ?? undefined,
    items: checkItems(items),
    other,
  };
}

function checkItems(items: unknown): readonly ItemBody[] {
  if (items == null) return [];
  const good = Array.isArray(items) && items.length <= mostItems && items.every(isItem);
  if (!good) {
    throw badInput("output.items", `"output.items" must be a list of at most ${mostItems} objects with a "type"`);
  }
  return items;
}

const isItem = (item: unknown): item is ItemBody => isJsonObject(item) && typeof item["type"] === "string";

function refuseToGoBack(present: Response, status: ResponseStatus | null): void {
  if (status === "PENDING" && present.status === "PROCESSING") {
    throw conflict(`Response "${present.id}" is processing and cannot become pending again`, { state: "PROCESSING" });
  }
}

const failureIf = (status: ResponseStatus) =>
  status === "FAILED"
    ? { failure: { reason: "WORKER_REPORTED", message: "The worker reported a failure" } as const }
    : {};
