import type { FastifyRequest } from "fastify";
import type { ExecutionResult, GraphQLError } from "graphql";
import type { Call } from "./context.ts";
import { eventTexts, type EventWords } from "./event-texts.ts";
import { limits } from "./limits.ts";
import { eventPostIn } from "./plain-post.ts";
import type { Graphql } from "./yoga.ts";

/**
 * What a POST that subscribes is answered with: a stream of events as Yoga writes it, for half of what it costs there.
 * `null` when it is something else or is refused: for that Yoga has its own words.
 */
export async function answerOfEventPost(
  { documents, contextOf }: Graphql,
  call: Call,
  request: FastifyRequest,
): Promise<AsyncGenerator<string> | null> {
  const post = eventPostIn(request);
  const prepared = post && documents.prepare(post.query, post.operationName);
  if (!prepared || "errors" in prepared || prepared.kind !== "subscription") return null;
  const results = await prepared.subscribe(await contextOf(call), post.variables);
  return Symbol.asyncIterator in results ? eventTexts(results, words, limits.sockets.pingMs) : null;
}

/** What Yoga says of a stream. */
export const eventHeaders = {
  "content-type": "text/event-stream",
  connection: "keep-alive",
  "cache-control": "no-cache",
  "content-encoding": "none",
} as const;

const nextOf = (result: ExecutionResult) => `event: next\ndata: ${JSON.stringify(result)}\n\n`;
const complete = "event: complete\ndata:\n\n";

/** The distinct connections mode of the graphql-sse protocol. What fails was masked, and is the last result. */
const words: EventWords<ExecutionResult> = {
  next: nextOf,
  end: complete,
  failed: (error) => nextOf({ errors: [error as GraphQLError] }) + complete, // as `subscribe` promises
};
