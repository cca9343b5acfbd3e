import type { ItemBody } from "../../engines/engine.ts";
import { badInput, GatewayError, unavailable } from "../../errors.ts";
import { type FollowOptions, followStream } from "../../events/follow.ts";
import type { LogEvent } from "../../events/event.ts";
import type { Gateway } from "../../gateway.ts";
import type { JsonObject } from "../../json.ts";
import type { ResponseStatus } from "../../store/generated/client/client.ts";
import { responseFactsOf } from "./change.ts";
import { isTerminal, responseStream } from "./response.ts";

/** One step of a response as watchers see it. A DELTA is live only and has no seq. */
export interface Progress {
  readonly responseId: string;
  readonly seq: number | null;
  readonly at: Date | null;
  readonly kind: "ITEM" | "STATUS" | "TEXT" | "DELTA";
  readonly item: ItemBody | null;
  readonly status: ResponseStatus | null;
  readonly text: string | null;
  readonly delta: JsonObject | null;
}

/**
 * Everything that happens to a response after `after`, in order, without a gap and nothing twice; ends after the
 * one terminal status, or when `signal` aborts.
 *
 * @throws BAD_USER_INPUT when `after` lies beyond what has happened.
 */
export async function* followResponse(
  gateway: Pick<Gateway, "store" | "tail">,
  id: string,
  after: number,
  signal: AbortSignal,
  options: FollowOptions = {},
): AsyncGenerator<Progress, void, undefined> {
  const { ended, head } = await standOf(gateway, id);
  if (after < 0 || after > head) throw badInput("after", `"after" must be from 0 to ${head}, the newest seq`);
  if (ended && after === head) return;
  for await (const followed of followStream(gateway, responseStream(id), BigInt(after), signal, options)) {
    if (followed.kind === "delta") {
      yield { ...nothing, responseId: id, kind: "DELTA", delta: followed.delta.delta };
      continue;
    }
    const progress = progressOf(id, followed.event);
    yield progress;
    if (progress.status && isTerminal(progress.status)) return;
  }
}

/**
 * Waits until a response has ended.
 *
 * @throws TIMEOUT when it has not within the time; the response goes on.
 */
export async function waitForEnd(gateway: Gateway, id: string, timeoutSeconds: number, signal: AbortSignal) {
  const timeUp = AbortSignal.timeout(timeoutSeconds * 1000);
  const stop = AbortSignal.any([timeUp, signal]);
  for await (const { status } of followResponse(gateway, id, 0, stop)) {
    if (status && isTerminal(status)) return;
  }
  if (timeUp.aborted) throw new GatewayError("TIMEOUT", "Timed out waiting for response to complete");
  throw unavailable("The wait was cut short; the response goes on");
}

/** How far its stream has come, and whether nothing more comes: of one moment, so that neither is newer. */
async function standOf({ store }: Pick<Gateway, "store">, id: string) {
  const [stand] = await store.sql.all<Stand>(standing, [responseStream(id), id]);
  const { head = null, status = null } = stand ?? {};
  return { head: Number(head ?? 0), ended: status === null || isTerminal(status) };
}

interface Stand {
  readonly head: bigint | number | null;
  readonly status: ResponseStatus | null;
}

const standing = `SELECT (SELECT "seq" FROM "Stream" WHERE "name" = ?) AS "head",
  (SELECT "status" FROM "Response" WHERE "id" = ?) AS "status"`;

const nothing = { seq: null, at: null, item: null, status: null, text: null, delta: null };

function progressOf(responseId: string, event: LogEvent): Progress {
  const { item, status, text } = responseFactsOf(event);
  const kind = event.type === "response.item" ? "ITEM" : event.type === "response.text" ? "TEXT" : "STATUS";
  const seen = { item: item ?? null, status: status ?? null, text: text ?? null };
  return { ...nothing, ...seen, responseId, kind, seq: event.seq, at: event.at };
}
