import { Agent, buildConnector, fetch, Response } from "undici";
import { isListed, isRefusedLiteral, lookUpPublic, RefusedAddress } from "./address.ts";
import { AnswerTooLong } from "./trouble.ts";

const CONNECT_MS = 10_000;

/** More than the longest answer takes as a stream of events. */
const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * A `fetch` that connects to public addresses and to the listed hosts only, redirects too. An answer longer than
 * any model's breaks off.
 */
export function fetchFromPublic(hosts: readonly string[]): typeof globalThis.fetch {
  const dispatcher = new Agent({ connect: connectorFor(hosts) });
  const limited: typeof fetch = async (input, init) => {
    const response = await fetch(input, { ...init, dispatcher });
    return new Response(response.body && atMost(response.body, LONGEST_ANSWER_BYTES), response);
  };
  // Not Node's own, which may be of another version than the dispatcher; only the names of its types differ.
  return limited as unknown as typeof globalThis.fetch;
}

function connectorFor(hosts: readonly string[]): buildConnector.connector {
  const toAny = buildConnector({ timeout: CONNECT_MS });
  const toPublic = buildConnector({ timeout: CONNECT_MS, lookup: lookUpPublic });
  return (options, callback) => {
    if (isListed(hosts, options)) return toAny(options, callback);
    if (isRefusedLiteral(options)) return callback(new RefusedAddress(), null);
    toPublic(options, callback);
  };
}

async function* atMost(body: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  let left = bytes;
  for await (const chunk of body) {
    left -= chunk.byteLength;
    if (left < 0) throw new AnswerTooLong();
    yield chunk;
  }
}
