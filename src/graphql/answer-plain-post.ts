import type { FastifyReply, FastifyRequest } from "fastify";
import type { ExecutionResult, GraphQLError } from "graphql";
import type { Call, Context } from "./context.ts";
import { maskError } from "./errors.ts";
import { type MediaType, plainPostIn } from "./plain-post.ts";
import { jsonOf, type ShowingResult } from "./shown.ts";
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
  const refuse = (errors: readonly GraphQLError[], status: number) =>
    send(reply, JSON.stringify({ errors }), mediaType, status);
  if (document.errors.length > 0) return refuse(document.errors, mediaType === "application/json" ? 200 : 400);
  const operation = document.operation(post.operationName);
  if (!operation || operation.kind === "subscription") return null;
  const fail = (error: unknown) => refuse([maskError(error, request.log)], 500);
  const answerIn = (context: Context): FastifyReply | Promise<FastifyReply> => {
    const { memory } = context.gateway;
    const answer = (result: ShowingResult) => send(reply, jsonOf(result, memory), mediaType, statusOf(result));
    const result = operation.show(context, variables);
    return result instanceof Promise ? result.then(answer, fail) : answer(result);
  };
  const context = contextOf(call);
  return context instanceof Promise ? context.then(answerIn).catch(fail) : answerIn(context);
}

/** Clients of plain JSON expect 200 for what they asked wrongly, but for variables that do not fit. */
const statusOf = (result: ExecutionResult): number => (result.errors && !("data" in result) ? 400 : 200);

const send = (reply: FastifyReply, json: string, mediaType: MediaType, status: number): FastifyReply =>
  reply.status(status).header("content-type", `${mediaType}; charset=utf-8`).send(json);
