import type { Principal } from "../auth/principal.ts";
import { Channel } from "./channel.ts";
import { maskError } from "./errors.ts";
import { Reader, type Subscription } from "./reader.ts";

/** Serves subscriptions: all that show the same to the same viewer together. */
export interface Hub {
  /**
   * Begins when it is first asked for something, and never yields: what there is goes through the subscription's
   * outlet. Ends with the sequence; throws, masked, what the sequence failed with, and what the viewer has lost.
   */
  subscribe<T>(subscription: Subscription<T>): AsyncGenerator<never, void, undefined>;
}

/** Makes a hub; one serves all sockets of a gateway. */
export function createHub(): Hub {
  const channels = new Map<string, Channel<unknown>>();

  const channelOf = <T>(subscription: Subscription<T>): Channel<T> => {
    const key = keyOf(subscription);
    if (key === null) return new Channel<T>();
    const known = channels.get(key);
    if (known) return known as Channel<T>; // the key names the sequence
    const channel = new Channel<T>();
    channels.set(key, channel as Channel<unknown>);
    channel.empty.addEventListener("abort", () => channels.delete(key), { once: true });
    return channel;
  };

  return { subscribe: (subscription) => new Silent(subscription, channelOf) };
}

/** `null` where it is shared with nobody. */
function keyOf<T>({ selection, sequence: { watched, context } }: Subscription<T>): string | null {
  return watched.shared ? JSON.stringify([watched.shared.name, selection, viewerOf(context.principal)]) : null;
}

/** Tokens of one account see the same. */
function viewerOf(principal: Principal | null): string | null {
  if (!principal) return null;
  return principal.kind === "account" ? principal.id : `${principal.accountId} ${principal.agentId}`;
}

/**
 * The end of a reader as a generator, which is what graphql-ws waits for and ends. A class, as there is one for each of
 * very many subscriptions: a generator made of functions would keep each of them.
 */
class Silent<T> implements AsyncGenerator<never, void, undefined> {
  readonly #subscription: Subscription<T>;
  readonly #channelOf: (subscription: Subscription<T>) => Channel<T>;
  #reader: Reader<T> | null = null;

  constructor(subscription: Subscription<T>, channelOf: (subscription: Subscription<T>) => Channel<T>) {
    this.#subscription = subscription;
    this.#channelOf = channelOf;
  }

  async next(): Promise<IteratorReturnResult<void>> {
    try {
      this.#reader ??= this.#begin();
      await this.#reader.ended;
    } catch (error) {
      throw maskError(error, this.#subscription.sequence.context.gateway.log);
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorReturnResult<void>> {
    this.#reader?.end();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<never> {
    this.#reader?.end();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader?.end();
  }

  #begin(): Reader<T> {
    const channel = this.#channelOf(this.#subscription);
    const reader = new Reader(this.#subscription, channel);
    channel.enter(reader);
    return reader;
  }
}
