import type { FastifyReply, FastifyRequest } from "fastify";
import type { ExecutionResult } from "graphql";
import type { Call } from "./context.ts";
import { maskError } from "./errors.ts";
import { type MediaType, plainPostIn } from "./plain-post.ts";
import type { Graphql } from "./yoga.ts";

/**
 * Answers a plain POST as Yoga would: the same status, headers and body, without what only other requests need.
 * `null` when the request is not one, or asks what Yoga has its own words for.
 */
export function answerPlainPost(
  { documents, contextOf }: Graphql,
  call: Call,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | Promise<FastifyReply> | null {
  const post = plainPostIn(request);
  if (!post) return null;
  const { mediaType, variables } = post;
  const document = documents.check(post.query);
  if (document.errors.length > 0) return send(reply, document, mediaType, mediaType === "application/json" ? 200 : 400);
  const operation = document.operation(post.operationName);
  if (!operation || operation.kind === "subscription") return null;
  const answer = (result: ExecutionResult) => send(reply, result, mediaType, statusOf(result));
  const fail = (error: unknown) => send(reply, { errors: [maskError(error, request.log)] }, mediaType, 500);
  const context = contextOf(call);
  if (context instanceof Promise) {
    return context.then((made) => operation.execute(made, variables)).then(answer, fail);
  }
  const result = operation.execute(context, variables);
  return result instanceof Promise ? result.then(answer, fail) : answer(result);
}

/** Clients of plain JSON expect 200 for what they asked wrongly, but for variables that do not fit. */
const statusOf = (result: ExecutionResult): number => (result.errors && !("data" in result) ? 400 : 200);

const send = (
  reply: FastifyReply,
  { errors, data }: ExecutionResult,
  mediaType: MediaType,
  status: number,
): FastifyReply =>
  reply
    .status(status)
    .header("content-type", `${mediaType}; charset=utf-8`)
    .send(JSON.stringify({ errors: errors && errors.length > 0 ? errors : undefined, data }));
