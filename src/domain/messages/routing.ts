import { badInput } from "../../errors.ts";
import { isJsonObject } from "../../json.ts";
import type { Session } from "../../store/generated/client/client.ts";
import type { Transaction } from "../../store/store.ts";
import { handlersOf } from "../sessions/handlers.ts";

/** Who answers a message, and the words that are handed over. */
export interface Routed {
  readonly text: string;
  /** `null` leaves it to the session's engine. */
  readonly spaceAgent: string | null;
}

const mention = /^\s*@([A-Za-z0-9][\w-]*)[\s:,]*/;

/**
 * Finds who answers: the space agent that the message names first (`@name`), or the session's metadata, or the only
 * one there is where the session has chosen no engine. Where no agent is built into the session nothing is looked for.
 *
 * @throws BAD_USER_INPUT, naming those there are, for a name that is none of them.
 */
export async function routeMessage(
  tx: Pick<Transaction, "build" | "spaceAgent">,
  session: Session,
  content: string,
): Promise<Routed> {
  const names = (await handlersOf(tx, session)).map(({ name }) => name);
  if (names.length === 0) return { text: content, spaceAgent: null };
  const [prefix = "", mentioned] = mention.exec(content) ?? [];
  const field = mentioned === undefined ? "metadata.agent" : "content";
  const named = mentioned ?? agentIn(session.metadata);
  if (named === null) return { text: content, spaceAgent: session.engine === null ? onlyOf(names) : null };
  if (!names.includes(named)) {
    throw badInput(field, `No agent "${named}" answers in this session; there is ${names.join(", ")}`);
  }
  return { text: content.slice(prefix.length), spaceAgent: named };
}

const onlyOf = (names: readonly string[]) => (names.length === 1 ? (names[0] ?? null) : null);

function agentIn(metadata: unknown): string | null {
  const name = isJsonObject(metadata) ? metadata["agent"] : undefined;
  return typeof name === "string" ? name : null;
}
