import type { FastifyReply, FastifyRequest } from "fastify";
import type { Call } from "./context.ts";

/** A call over HTTP, by whoever the header names. Its signal is made for those who ask, which few do. */
export function httpCall(
  { id, ip }: Pick<FastifyRequest, "id" | "ip">,
  { raw }: Pick<FastifyReply, "raw">,
  authorization: string | undefined,
): Call {
  let signal: AbortSignal | undefined;
  return {
    requestId: id,
    authorization: authorization ?? null,
    address: ip,
    get signal() {
      return (signal ??= untilClosed(raw));
    },
  };
}

function untilClosed(raw: FastifyReply["raw"]): AbortSignal {
  const gone = new AbortController();
  if (raw.closed) gone.abort();
  else raw.once("close", () => gone.abort());
  return gone.signal;
}
