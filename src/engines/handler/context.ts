/** What a handler gets beside the message, whoever asks it: the keys are always there. */
export interface HandlerContext {
  readonly session_id: string | null;
  readonly space: string;
  /** The space agent's own name. */
  readonly agent: string;
  readonly message_id: string | null;
  /** The session's metadata. */
  readonly metadata: unknown;
  /** What was said before, the oldest first, as REST shows messages. */
  readonly messages: readonly object[];
}

/** The context of a question that belongs to no session. */
export const sessionlessContext = (space: string, agent: string): HandlerContext => ({
  session_id: null,
  space,
  agent,
  message_id: null,
  metadata: {},
  messages: [],
});
