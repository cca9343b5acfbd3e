import { badInput } from "../../errors.ts";
import type { MessageRole } from "../../store/generated/client/client.ts";
import { checkText } from "../../text.ts";

const largestContentBytes = 256 * 1024;

/** The stream that tells of a session's messages. */
export const messageStream = (sessionId: string) => `message:${sessionId}`;

/** @throws BAD_USER_INPUT for text that says nothing, is too long or cannot be stored. */
export function checkContent(content: string): void {
  if (content.trim() === "") throw badInput("content", `"content" must not be empty`);
  if (Buffer.byteLength(content) > largestContentBytes) {
    throw badInput("content", `"content" may be ${largestContentBytes} bytes at the most`);
  }
  checkText("content", content);
}

/** A message about to be added. */
export interface NewMessage {
  readonly role: MessageRole;
  readonly content: string;
  readonly createdByName: string | null;
  readonly responseId?: string;
  readonly idempotencyKey?: string | null;
}
