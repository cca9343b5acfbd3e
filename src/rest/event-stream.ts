import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { eventTexts } from "../graphql/event-texts.ts";
import { limits } from "../graphql/limits.ts";
import { internalRefusal, refusalOf } from "./refusal.ts";
import type { StreamEvent } from "./route.ts";

/** The streams of events that are being sent. */
export interface EventStreams {
  /** Answers with events as they come; of a HEAD, with what stands before them. */
  send(request: FastifyRequest, reply: FastifyReply, events: AsyncGenerator<StreamEvent>): Promise<FastifyReply>;
  /** Breaks off: clients come again with what they saw last, which an orderly end would not tell them. */
  cut(): void;
}

/** Makes the place where streams are sent from. */
export function createEventStreams(): EventStreams {
  const open = new Set<FastifyReply["raw"]>();
  return {
    async send(request, reply, events) {
      reply.headers({ "cache-control": "no-store", "x-accel-buffering": "no" });
      reply.type("text/event-stream; charset=utf-8");
      if (request.method === "HEAD") {
        await events.return(undefined);
        return reply.send();
      }
      open.add(reply.raw);
      reply.raw.once("close", () => open.delete(reply.raw));
      const written = writeEvents(events, { quietMs: limits.sockets.pingMs, onError: errorEvent(request) });
      return reply.send(Readable.from(written, { highWaterMark: 1 }));
    },
    cut() {
      for (const stream of open) stream.destroy();
    },
  };
}

/** The refusal that any other answer would be. */
const errorEvent = (request: FastifyRequest) => (error: unknown) => {
  const refusal = refusalOf(error);
  if (!refusal) request.log.error({ err: error }, "an unexpected error");
  return (refusal ?? internalRefusal()).body;
};

interface Writing {
  readonly quietMs: number;
  readonly onError: (error: unknown) => object;
}

/**
 * Writes events each when the one before has been taken. The end is told by the event `complete`, or by `error` with
 * what a refusal's body holds.
 */
export const writeEvents = (
  events: AsyncGenerator<StreamEvent>,
  { quietMs, onError }: Writing,
): AsyncGenerator<string, void, undefined> =>
  eventTexts(
    events,
    {
      next: (event) => written(null, event),
      end: written("complete", { data: {} }),
      failed: (error) => written("error", { data: onError(error) }),
    },
    quietMs,
  );

const written = (event: string | null, { data, id }: StreamEvent): string =>
  [...(id === undefined ? [] : [`id: ${id}`]), ...(event ? [`event: ${event}`] : []), `data: ${JSON.stringify(data)}`]
    .map((line) => `${line}\n`)
    .join("")
    .concat("\n");
