import { setTimeout } from "node:timers/promises";
import { createClient } from "graphql-ws";

/** A GraphQL client: documents over HTTP, subscriptions over graphql-ws, both with the same token. */
export interface Client {
  readonly url: string;
  /** @throws {Refusal} when the gateway answers with errors. */
  data<T>(query: string, variables?: Record<string, unknown>): Promise<T>;
  /** Ends when the subscription does. */
  watch<T>(query: string, variables: Record<string, unknown>): AsyncIterable<T>;
  /** Asks again and again until the answer is as wanted. */
  until<T>(query: string, variables: Record<string, unknown>, isReached: (answer: T) => boolean): Promise<T>;
  close(): void;
}

/** What the gateway said no to. */
export class Refusal extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

const pauseMs = 50;
const limitMs = 180_000;

/** Makes a client; without a token it may only log in. */
export function connect(url: string, token: string | null): Client {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const sockets = createClient({ url: `${url.replace(/^http/, "ws")}/graphql`, connectionParams: headers });

  const data: Client["data"] = async <T>(query: string, variables: Record<string, unknown> = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", ...headers },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(limitMs),
    });
    return dataOf<T>((await response.json()) as Result<T>); // GraphQL over HTTP
  };

  return {
    url,
    data,
    async *watch<T>(query: string, variables: Record<string, unknown>) {
      for await (const result of sockets.iterate<T>({ query, variables })) yield dataOf(result as Result<T>);
    },
    async until<T>(query: string, variables: Record<string, unknown>, isReached: (answer: T) => boolean) {
      for (const end = performance.now() + limitMs; performance.now() < end; ) {
        const answer = await data<T>(query, variables);
        if (isReached(answer)) return answer;
        await setTimeout(pauseMs);
      }
      throw new Error(`This took longer than ${limitMs / 1000} s`);
    },
    close: () => void sockets.dispose(),
  };
}

interface Result<T> {
  readonly data?: T | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

function dataOf<T>({ data, errors }: Result<T>): T {
  const [error] = errors ?? [];
  if (error) throw new Refusal(error.message, error.extensions?.code ?? "INTERNAL");
  if (data == null) throw new Error("The gateway answered without data");
  return data;
}
