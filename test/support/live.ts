import { type Client, type ClientOptions, createClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { Tail } from "../../src/events/tail.ts";
import { createContext } from "../../src/graphql/context.ts";
import { prepareOwn } from "../../src/graphql/prepare.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { TestGateway } from "./gateway.ts";

/** What a client needs to know of a gateway. */
interface Reachable {
  readonly url: string;
  readonly adminToken: string;
}

/** What is subscribed to. */
export interface Subscribing {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  /** Default: the administrator's. */
  readonly token?: string;
}

/** An error that a subscription ended with, as the client was told. */
class SubscriptionError extends Error {
  readonly code: unknown;

  constructor(message: string, code: unknown) {
    super(message);
    this.code = code;
  }
}

interface Result {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[];
}

/** A subscription as a client sees it. */
export class Watching {
  readonly #results: AsyncIterator<Result>;
  readonly #stop: () => void;

  constructor(results: AsyncIterator<Result>, stop: () => void) {
    this.#results = results;
    this.#stop = stop;
  }

  /** The next value; `undefined` at the end. @throws {SubscriptionError}, and a `CloseEvent` of its socket. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the fields it asked for
  async next(): Promise<any> {
    const { value, done } = await this.#results.next().catch((errors: unknown) => {
      throw Array.isArray(errors) ? subscriptionError(errors) : errors;
    });
    if (done) return undefined;
    const { data, errors } = value;
    if (errors) throw subscriptionError(errors);
    return data;
  }

  /** Everything up to the end. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the fields it asked for
  async rest(): Promise<any[]> {
    const values = [];
    for (let value = await this.next(); value !== undefined; value = await this.next()) values.push(value);
    return values;
  }

  /** Wants no more. */
  stop(): void {
    this.#stop();
  }
}

const subscriptionError = ([error]: NonNullable<Result["errors"]>) =>
  new SubscriptionError(error?.message ?? "", error?.extensions?.["code"]);

/** The two ways to subscribe. */
export const transports = { "graphql-ws": overSocket, "server-sent events": overEvents } as const;

/** One subscription on a socket of its own. */
export function overSocket(gateway: Reachable, { query, variables = {}, token }: Subscribing): Watching {
  const client = socketClient(gateway, token === undefined ? {} : { connectionParams: bearer(token) });
  return watchOn(client, { query, variables });
}

/** One more subscription of a client. */
export function watchOn(client: Client, { query, variables = {} }: Subscribing): Watching {
  const results = client.iterate({ query, variables });
  return new Watching(results as AsyncIterator<Result>, () => void results.return?.());
}

/** A subscription of the administrator's that was let in, and reads nothing before its first `next`. */
export async function letIn(
  { gateway, auth, adminToken }: Pick<TestGateway<Runtime>, "gateway" | "auth" | "adminToken">,
  { query, variables = {} }: Subscribing,
): Promise<Watching> {
  const end = new AbortController();
  const call = { authorization: `Bearer ${adminToken}`, address: null, signal: end.signal };
  const results = await prepareOwn(query).subscribe(await createContext(gateway, auth, call), variables);
  if (!(Symbol.asyncIterator in results)) throw new Error(`was refused: ${JSON.stringify(results.errors)}`);
  return new Watching(results, () => end.abort());
}

/** A graphql-ws client; as the administrator, and never connecting anew, unless told otherwise. */
export const socketClient = ({ url, adminToken }: Reachable, options: Partial<ClientOptions> = {}): Client =>
  createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: bearer(adminToken),
    onNonLazyError: () => undefined,
    ...options,
  });

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Over `text/event-stream`, as the graphql-sse protocol's distinct connections mode has it. */
export function overEvents({ url, adminToken }: Reachable, { query, variables = {}, token }: Subscribing): Watching {
  const end = new AbortController();
  const response = fetch(`${url}/graphql`, {
    method: "POST",
    headers: {
      accept: "text/event-stream",
      "content-type": "application/json",
      authorization: `Bearer ${token ?? adminToken}`,
    },
    body: JSON.stringify({ query, variables }),
    signal: end.signal,
  });
  return new Watching(resultsIn(response), () => end.abort());
}

async function* resultsIn(response: Promise<Response>): AsyncGenerator<Result, undefined> {
  const { body } = await response;
  if (!body) throw new Error("The answer has no body");
  for await (const { event, data } of eventsIn(body)) {
    if (event === "complete") return undefined;
    if (event === "next") yield JSON.parse(data) as Result;
  }
  throw new Error("The stream broke off");
}

async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<{ event: string; data: string }> {
  let text = "";
  for await (const piece of body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)) {
    const blocks = (text + piece).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1] ?? "";
      yield { event: field("event"), data: field("data") };
    }
  }
}

/** Counts who listens to a tail from now on; it says how many do. */
export function countListeners(tail: Tail): () => number {
  const subscribe = tail.subscribe.bind(tail);
  const listening = new Set<object>();
  tail.subscribe = (stream, listener) => {
    const stop = subscribe(stream, listener);
    listening.add(stop);
    return () => {
      listening.delete(stop);
      stop();
    };
  };
  return () => listening.size;
}
