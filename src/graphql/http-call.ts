import type { FastifyReply, FastifyRequest } from "fastify";
import type { Call } from "./context.ts";

/** What a call over HTTP is made of. */
type HttpRequest = Pick<FastifyRequest, "id" | "ip">;
type HttpReply = Pick<FastifyReply, "raw">;

/** A call over HTTP, by whoever the header names. Its signal is made for those who ask, which few do. */
export const httpCall = (request: HttpRequest, reply: HttpReply, authorization: string | undefined): Call =>
  new HttpCall(request, reply, authorization ?? null);

/** A class, for an object with an accessor of its own takes as long to make as the route takes to find. */
class HttpCall implements Call {
  readonly authorization: string | null;
  readonly #request: HttpRequest;
  readonly #reply: HttpReply;
  #signal: AbortSignal | undefined;

  constructor(request: HttpRequest, reply: HttpReply, authorization: string | null) {
    this.#request = request;
    this.#reply = reply;
    this.authorization = authorization;
  }

  get requestId(): string {
    return this.#request.id;
  }

  get address(): string {
    return this.#request.ip;
  }

  get signal(): AbortSignal {
    return (this.#signal ??= untilClosed(this.#reply.raw));
  }
}

/** Aborts when the answer is over or the client has gone; at once where that has happened. */
function untilClosed(raw: FastifyReply["raw"]): AbortSignal {
  const gone = new AbortController();
  if (raw.closed) gone.abort();
  else raw.once("close", () => gone.abort());
  return gone.signal;
}
