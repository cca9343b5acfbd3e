import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type ErrorCode, GatewayError, httpStatusByCode } from "../errors.ts";
import { answerPlainPost } from "./answer-plain-post.ts";
import type { Call } from "./context.ts";
import { answerOfEventPost, eventHeaders } from "./event-post.ts";
import { httpCall } from "./http-call.ts";
import type { Graphql } from "./yoga.ts";

/** GraphQL over HTTP and server-sent events at `/graphql`. */
export interface GraphqlOverHttp {
  /** Cuts the streams of events: their clients come again with their cursors, which an orderly end would not tell them. */
  cutStreams(): void;
}

/** Mounts `/graphql`. Bodies must be JSON, and no larger than the server allows. */
export function serveGraphql(app: FastifyInstance, graphql: Graphql): GraphqlOverHttp {
  const streams = new Set<FastifyReply["raw"]>();
  app.register(async (scope) => {
    // Bodies are read where they are understood; here they are only limited, and must be JSON.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.setErrorHandler<Error>((error, request, reply) => {
      const { status, code, message } = refusalOf(error, request);
      return reply.status(status).send({ errors: [{ message, extensions: { code } }] });
    });
    scope.route({
      method: ["GET", "POST"],
      url: "/graphql",
      handler: (request, reply) => {
        const call = httpCall(request, reply, request.headers.authorization);
        return answerPlainPost(graphql, call, request, reply) ?? answerOther(graphql, call, request, reply, streams);
      },
    });
  });
  return {
    cutStreams() {
      for (const stream of streams) stream.destroy();
    },
  };
}

/** What is no plain POST may be a stream of events, and anything else is for Yoga. */
async function answerOther(
  graphql: Graphql,
  call: Call,
  request: FastifyRequest,
  reply: FastifyReply,
  streams: Set<FastifyReply["raw"]>,
): Promise<FastifyReply> {
  const events = await answerOfEventPost(graphql, call, request);
  if (!events) return answerByYoga(graphql, call, request, reply, streams);
  remember(streams, reply.raw);
  return reply.headers(eventHeaders).send(Readable.from(events, { highWaterMark: 1 }));
}

async function answerByYoga(
  { yoga }: Graphql,
  call: Call,
  request: FastifyRequest,
  reply: FastifyReply,
  streams: Set<FastifyReply["raw"]>,
): Promise<FastifyReply> {
  const response = await yoga.handleNodeRequestAndResponse(request, reply, { call });
  for (const [name, value] of response.headers) reply.header(name, value);
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) remember(streams, reply.raw);
  return reply.status(response.status).send(response.body);
}

function remember(streams: Set<FastifyReply["raw"]>, stream: FastifyReply["raw"]): void {
  streams.add(stream);
  stream.once("close", () => streams.delete(stream));
}

interface Refusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What the server says of a request that GraphQL has not seen; what nobody foresaw is logged and masked. */
function refusalOf(error: Error & { statusCode?: number }, { log }: FastifyRequest): Refusal {
  const { statusCode: status = 500, message } = error;
  if (error instanceof GatewayError) return { status: httpStatusByCode[error.code], code: error.code, message };
  if (status === 413) return { status, code: "PAYLOAD_TOO_LARGE", message: "The body is too large" };
  if (status === 415) return { status, code: "BAD_USER_INPUT", message: "The body must be application/json" };
  if (status >= 400 && status < 500) return { status, code: "BAD_USER_INPUT", message };
  log.error({ err: error }, "an unexpected error");
  return { status: 500, code: "INTERNAL", message: "An internal error happened; the log has the details" };
}
