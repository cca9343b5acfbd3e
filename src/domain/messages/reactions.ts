import type { Reaction } from "../../events/commit.ts";
import { responseFactsOf } from "../responses/change.ts";
import { isTerminal } from "../responses/response.ts";
import { sessionOf } from "../sessions/change.ts";
import { addMessage } from "./add.ts";
import { messageStream } from "./message.ts";

/** How a session's response ends becomes the assistant's message, in the same transaction; with a session all ends. */
export const messageReactions: readonly Reaction[] = [
  {
    to: ["response.status"],
    async react(unit, event) {
      const { id: responseId, sessionId, status, reason, ...ended } = responseFactsOf(event);
      if (sessionId === undefined || status === undefined || !isTerminal(status)) return;
      // What was cancelled is not answered; what is deleted with its session has nobody to answer.
      if (status === "CANCELLED" || reason === "SESSION_DELETED") return;
      const content = status === "COMPLETED" ? (ended.text ?? "") : apology(ended.text, reason, ended.message);
      await addMessage(unit, sessionId, { role: "ASSISTANT", content, createdByName: null, responseId });
    },
  },
  {
    to: ["session.deleted"],
    async react(unit, event) {
      const { id, spaceName, createdById } = sessionOf(event);
      const home = { stream: messageStream(id), space: spaceName, ownerId: createdById };
      await unit.emit({ ...home, type: "message.ended", payload: { sessionId: id } });
    },
  },
];

/** Says plainly that there is no answer, after what there was of one. */
const apology = (text = "", reason = "", message = "") =>
  [text.trimEnd(), `[This message could not be answered: ${message} (${reason})]`]
    .filter((part) => part !== "")
    .join("\n\n");
