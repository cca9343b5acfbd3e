import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
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

const comment = ":\n\n";

/**
 * Writes events in the format of server-sent events, each when the one before has been taken. A comment goes first,
 * so that the client knows it listens, and again whenever it was quiet for so long: nobody on the way then takes
 * the connection for dead. The end is told by the event `complete`, or by `error` with what a refusal's body holds.
 */
export async function* writeEvents(
  events: AsyncGenerator<StreamEvent>,
  { quietMs, onError }: Writing,
): AsyncGenerator<string, void, undefined> {
  yield comment;
  try {
    for (let next = events.next(); ; ) {
      const came = await withinQuiet(next, quietMs);
      if (came === "quiet") yield comment;
      else if (came.done) return yield written("complete", { data: {} });
      else {
        yield written(null, came.value);
        next = events.next();
      }
    }
  } catch (error) {
    yield written("error", { data: onError(error) });
  } finally {
    await events.return(undefined);
  }
}

async function withinQuiet<T>(next: Promise<T>, quietMs: number): Promise<T | "quiet"> {
  const over = new AbortController();
  const quiet = wait(quietMs, "quiet" as const, { signal: over.signal }).catch(() => "quiet" as const);
  return Promise.race([next, quiet]).finally(() => over.abort());
}

const written = (event: string | null, { data, id }: StreamEvent): string =>
  [...(id === undefined ? [] : [`id: ${id}`]), ...(event ? [`event: ${event}`] : []), `data: ${JSON.stringify(data)}`]
    .map((line) => `${line}\n`)
    .join("")
    .concat("\n");
