import { badInput, conflict } from "../../errors.ts";
import { commit, type Unit } from "../../events/commit.ts";
import type { Gateway } from "../../gateway.ts";
import type { Message, MessageRole } from "../../store/generated/client/client.ts";
import { isUniqueViolation } from "../../store/violations.ts";
import { checkText } from "../../text.ts";
import { addResponse } from "../responses/create.ts";
import { sessionRespondent } from "../responses/session-respondent.ts";
import { holdSession } from "../sessions/change.ts";
import { addMessage } from "./add.ts";
import { checkContent } from "./message.ts";
import { routeMessage } from "./routing.ts";

const longestKey = 200;

export interface SendMessageInput {
  readonly content: string;
  readonly role?: MessageRole | null;
  /** A second call with the same key answers with the first call's message and adds none. */
  readonly idempotencyKey?: string | null;
}

/**
 * Adds a message to a session. A user's becomes a response of the session in the same step, whose answer becomes the
 * assistant's message; it resumes a session that is paused or suspended. Others run nothing.
 *
 * @throws BAD_USER_INPUT for bad content or an agent that is not there, CONFLICT for a closed session, or when too many
 *   messages wait.
 */
export async function sendMessage(gateway: Gateway, sessionId: string, input: SendMessageInput): Promise<Message> {
  checkContent(input.content);
  checkKey(input.idempotencyKey);
  const earlier = () => findByKey(gateway, sessionId, input.idempotencyKey);
  const known = await earlier();
  if (known) return known;
  try {
    return await commit(gateway, (unit) => add(unit, sessionId, input));
  } catch (error) {
    // Two calls with one key at once: the second finds what the first has made.
    const made = isUniqueViolation(error) ? await earlier() : null;
    if (made) return made;
    throw error;
  }
}

async function add(unit: Unit, sessionId: string, { content, role, idempotencyKey }: SendMessageInput) {
  const message = { role: role ?? "USER", content, createdByName: unit.gateway.actor, idempotencyKey } as const;
  const session = await holdSession(unit, sessionId);
  if (session.state === "CLOSED") {
    throw conflict(`Session "${sessionId}" is CLOSED; restore it first`, { state: session.state });
  }
  if (message.role !== "USER") return addMessage(unit, sessionId, message);
  const { text, spaceAgent } = await routeMessage(unit.tx, session, content);
  const to = spaceAgent === null ? {} : { spaceAgent };
  const response = await addResponse(unit, sessionRespondent(session), { text }, to);
  return addMessage(unit, sessionId, { ...message, responseId: response.id });
}

function checkKey(key: string | null | undefined): void {
  checkText("idempotencyKey", key);
  if (key != null && (key.length === 0 || key.length > longestKey)) {
    throw badInput("idempotencyKey", `"idempotencyKey" must be 1 to ${longestKey} characters`);
  }
}

const findByKey = ({ store }: Gateway, sessionId: string, idempotencyKey: string | null | undefined) =>
  idempotencyKey
    ? store.message.findUnique({ where: { sessionId_idempotencyKey: { sessionId, idempotencyKey } } })
    : null;
