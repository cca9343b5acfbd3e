import type { Failure, FailureReason, ItemBody } from "../../engines/engine.ts";
import { unseenResult } from "../../engines/items.ts";
import { asPayload } from "../../events/append.ts";
import type { Unit } from "../../events/commit.ts";
import type { LogEvent, PartOf } from "../../events/event.ts";
import { tellingOf } from "../../events/remembered.ts";
import type { JsonObject } from "../../json.ts";
import type { EngineKind, Response, ResponseStatus } from "../../store/generated/client/client.ts";
import { openCallOf } from "./open-call.ts";
import { bytesOf, isTerminal, responseStream } from "./response.ts";

/** Every event of a response's stream is one of these; `status` comes first and, once terminal, last. */
export type ResponseEventType = "response.status" | "response.item" | "response.text";

/** Where a response's events belong beside its stream. */
export interface Home {
  /** Of the agent or session that answers. */
  readonly id: string;
  readonly space: string;
  readonly ownerId: string | null;
  readonly partOf: PartOf;
  /** What every event says of who answers: `agent` and `agentId`, or `sessionId`. */
  readonly facts: JsonObject;
}

/** Which response, and how it must stand. */
export interface Standing {
  readonly id: string;
  readonly status: ResponseStatus | { readonly in: readonly ResponseStatus[] };
  readonly epoch?: number;
  readonly respondentId?: string;
}

/** What changes with the status. */
export interface MoveDetails {
  readonly text?: string | undefined;
  readonly failure?: Failure;
  /**
   * Items that come before the event: all that is left to record of a response that ends, by the engine that ends it.
   * They count, but are never too much: how a response ends is worth more.
   */
  readonly items?: readonly ItemBody[];
  /** The items that its answer begins with, to be counted; the caller emits them. */
  readonly opening?: readonly ItemBody[];
  /** Who works on it now, and so may end it. */
  readonly claim?: { readonly leaseOwner: string; readonly leaseUntil: Date };
  /** What has begun to work on it. */
  readonly engine?: EngineKind | undefined;
}

const move = `UPDATE "Response" SET "status" = ?, "updatedAt" = ?, "completedAt" = ?,
  "outputText" = COALESCE(?, "outputText"), "failureReason" = ?, "failureMessage" = ?, "failureEvidence" = ?,
  "leaseOwner" = ?, "leaseUntil" = ?, "epoch" = "epoch" + ?,
  "startedAt" = COALESCE(?, "startedAt"), "engine" = COALESCE(?, "engine"), "itemBytes" = "itemBytes" + ?
  WHERE "id" = ? AND "status" IN (?, ?) AND "epoch" = COALESCE(?, "epoch")
  AND "respondentId" = COALESCE(?, "respondentId") RETURNING *`;

/**
 * Moves a response to a status if it still is as `where` says, with its event; `null` when it is not.
 * The one way to change a status, so a response has exactly one terminal event, and no call that an engine of the
 * gateway began is left without a result.
 */
export async function moveResponse(
  unit: Unit,
  home: Home,
  where: Standing,
  status: ResponseStatus,
  details: MoveDetails = {},
): Promise<Response | null> {
  const [response] = await unit.sql.all<Response>(move, [
    ...columnsOf(unit.at, status, details),
    ...conditionsOf(where),
  ]);
  if (!response) return null;
  if (details.items) await emitItems(unit, home, response.id, details.items);
  else await closeCall(unit, home, response);
  await emitStatus(unit, home, response);
  return response;
}

/** Records for a response that ends in the middle of a call that nobody saw its end. What a worker says is its own. */
async function closeCall(unit: Unit, home: Home, { id, status, engine, failureMessage }: Response): Promise<void> {
  if ((status !== "FAILED" && status !== "CANCELLED") || engine === null || engine === "EXTERNAL") return;
  const call = await openCallOf(unit, id);
  const why = status === "FAILED" ? `interrupted: ${failureMessage}` : "cancelled before its end was seen";
  if (call) await emitItems(unit, home, id, [unseenResult(String(call["tool"]), why)]);
}

const columnsOf = (
  at: Date,
  status: ResponseStatus,
  { text, failure, claim, engine, items = [], opening = [] }: MoveDetails,
) => [
  status,
  at,
  isTerminal(status) ? at : null,
  text ?? null,
  failure?.reason ?? null,
  failure?.message ?? null,
  failure ? asPayload(failure.evidence ?? {}) : null,
  claim?.leaseOwner ?? null,
  claim?.leaseUntil ?? null,
  claim ? 1 : 0,
  engine ? at : null,
  engine ?? null,
  bytesOf(items) + bytesOf(opening),
];

function conditionsOf({ id, status, epoch, respondentId }: Standing) {
  const [first, second = first] = typeof status === "string" ? [status] : status.in;
  if (first === undefined || second === undefined) throw new Error("A response stands in one status or in two");
  return [id, first, second, epoch ?? null, respondentId ?? null];
}

/** Writes the event that says where a response now stands. */
export const emitStatus = (unit: Unit, home: Home, response: Response) =>
  emit(unit, home, response.id, "response.status", statusFactsOf(response), response);

const statusFactsOf = (response: Response) => ({
  status: response.status,
  ...(isTerminal(response.status) ? { text: response.outputText } : {}),
  ...(response.failureReason ? { reason: response.failureReason, message: response.failureMessage } : {}),
});

/** Appends items to a response, in order. Those of engines and workers are counted by whoever calls this. */
export async function emitItems(unit: Unit, home: Home, id: string, items: readonly ItemBody[]): Promise<void> {
  for (const item of items) await emit(unit, home, id, "response.item", { item: asPayload(item) });
}

/** Says that the output's text was replaced. */
export const emitText = (unit: Unit, home: Home, id: string, text: string) =>
  emit(unit, home, id, "response.text", { text });

/** Where the response is at hand, the event tells of it. */
const emit = (
  unit: Unit,
  home: Home,
  id: string,
  type: ResponseEventType,
  payload: JsonObject,
  response: Response | null = null,
) =>
  unit.emit({
    stream: responseStream(id),
    type,
    space: home.space,
    ownerId: home.ownerId,
    partOf: home.partOf,
    payload: tellingOf({ id, ...home.facts, ...payload }, response),
  });

/** What the events of responses say; written above. */
export const responseFactsOf = (event: Pick<LogEvent, "payload">) =>
  event.payload as unknown as {
    readonly id: string;
    readonly agentId?: string;
    readonly sessionId?: string;
    readonly status?: ResponseStatus;
    readonly item?: ItemBody;
    readonly text?: string;
    /** Why it failed, with the terminal status of one that did. */
    readonly reason?: FailureReason;
    readonly message?: string;
  };
