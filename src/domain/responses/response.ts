import type { ItemBody } from "../../engines/engine.ts";
import { badInput, GatewayError } from "../../errors.ts";
import { isJsonObject, type JsonObject } from "../../json.ts";
import { checkJsonText } from "../../text.ts";
import type { Response, ResponseStatus } from "../../store/generated/client/client.ts";

/** The stream of a response: its items and its changes of status. */
export const responseStream = (id: string) => `response:${id}`;

export const unfinished = ["PENDING", "PROCESSING"] as const satisfies readonly ResponseStatus[];

/** True once nothing about the response can change any more. */
export const isTerminal = (status: ResponseStatus): boolean => status !== "PENDING" && status !== "PROCESSING";

/**
 * What a caller sends: an object, typically `{ text }`; any other JSON object is allowed (document C).
 *
 * @throws BAD_USER_INPUT for anything but an object, or a `text` that is no string.
 */
export function checkInput(input: unknown): JsonObject {
  if (!isJsonObject(input)) throw badInput("input", `"input" must be a JSON object such as {"text": "hello"}`);
  const { text } = input as { text?: unknown }; // any key may be there
  if (text !== undefined && typeof text !== "string") throw badInput("input.text", `"input.text" must be a string`);
  checkJsonText("input", input);
  return input;
}

/** The words an engine works on: `text`, or the whole input where it has none. */
function textOf(input: JsonObject): string {
  const text = input["text"];
  return typeof text === "string" ? text : JSON.stringify(input);
}

/** The words of a stored response. */
export const wordsOf = ({ input }: Pick<Response, "input">): string => (isJsonObject(input) ? textOf(input) : "");

/** So many bytes of items are recorded for one response at the most, as JSON. */
export const mostItemBytes = 16 * 1_048_576;

/** How many bytes items take, as JSON. */
export const bytesOf = (items: readonly ItemBody[]): number =>
  items.reduce((bytes, item) => bytes + Buffer.byteLength(JSON.stringify(item)), 0);

/** @throws PAYLOAD_TOO_LARGE for a response that would have more than it may; its items are counted already. */
export function checkItemBytes({ id, itemBytes }: Pick<Response, "id" | "itemBytes">): void {
  if (itemBytes <= mostItemBytes) return;
  throw new GatewayError(
    "PAYLOAD_TOO_LARGE",
    `The items of response "${id}" may take ${mostItemBytes} bytes at the most`,
  );
}

/** Why a response failed, as it is shown; `null` for any other. */
export const failureOf = ({ failureReason, failureMessage, failureEvidence }: Response) =>
  failureReason === null
    ? null
    : { reason: failureReason, message: failureMessage ?? "", evidence: failureEvidence ?? null };
