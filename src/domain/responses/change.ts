import type { Failure, FailureReason, ItemBody } from "../../engines/engine.ts";
import { asPayload } from "../../events/append.ts";
import type { Unit } from "../../events/commit.ts";
import type { LogEvent, PartOf } from "../../events/event.ts";
import type { JsonObject } from "../../json.ts";
import type { Prisma, Response, ResponseStatus } from "../../store/generated/client/client.ts";
import { isTerminal, released, responseStream } from "./response.ts";

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

/**
 * Moves a response to a status if it still is as `where` says, with its event; `null` when it is not.
 * The one way to change a status, so a response has exactly one terminal event.
 */
export async function moveResponse(
  unit: Unit,
  home: Home,
  where: Prisma.ResponseWhereInput,
  status: ResponseStatus,
  details: MoveDetails = {},
): Promise<Response | null> {
  const [response] = await unit.tx.response.updateManyAndReturn({
    where,
    data: { ...details.columns, ...columnsOf(details), ...timesOf(status, unit.at), status },
  });
  if (!response) return null;
  await emitStatus(unit, home, response);
  return response;
}

export interface MoveDetails {
  readonly text?: string;
  readonly failure?: Failure;
  readonly columns?: Prisma.ResponseUpdateManyMutationInput;
}

function columnsOf({ text, failure }: MoveDetails): Prisma.ResponseUpdateManyMutationInput {
  return {
    ...(text === undefined ? {} : { outputText: text }),
    ...(failure
      ? {
          failureReason: failure.reason,
          failureMessage: failure.message,
          failureEvidence: asPayload(failure.evidence ?? {}),
        }
      : {}),
  };
}

const timesOf = (status: ResponseStatus, at: Date): Prisma.ResponseUpdateManyMutationInput =>
  isTerminal(status) ? { updatedAt: at, completedAt: at, ...released } : { updatedAt: at };

/** Writes the event that says where a response now stands. */
export const emitStatus = (unit: Unit, home: Home, response: Response) =>
  emit(unit, home, response.id, "response.status", {
    status: response.status,
    ...(isTerminal(response.status) ? { text: response.outputText } : {}),
    ...(response.failureReason ? { reason: response.failureReason, message: response.failureMessage } : {}),
  });

/** Appends items to a response, in order. */
export async function emitItems(unit: Unit, home: Home, id: string, items: readonly ItemBody[]): Promise<void> {
  for (const item of items) await emit(unit, home, id, "response.item", { item: asPayload(item) });
}

/** Says that the output's text was replaced. */
export const emitText = (unit: Unit, home: Home, id: string, text: string) =>
  emit(unit, home, id, "response.text", { text });

const emit = (unit: Unit, home: Home, id: string, type: ResponseEventType, payload: JsonObject) =>
  unit.emit({
    stream: responseStream(id),
    type,
    space: home.space,
    ownerId: home.ownerId,
    partOf: home.partOf,
    payload: { id, ...home.facts, ...payload },
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
