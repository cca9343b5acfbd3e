import type { Principal } from "../auth/principal.ts";
import { Channel } from "./channel.ts";
import { Reader, type Subscription } from "./reader.ts";

/** Serves subscriptions: all that show the same to the same viewer together. */
export interface Hub {
  /**
   * Begins when it is first asked for something, and never yields: what there is goes through the subscription's
   * outlet. Ends with the sequence; throws what the sequence failed with, and what the viewer has lost.
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

  return {
    subscribe: (subscription) =>
      silent(
        () => channelOf(subscription),
        (onEnd) => new Reader(subscription, onEnd),
      ),
  };
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

/** The end of a reader as a generator, which is what graphql-ws waits for and ends. */
function silent<T>(
  channelOf: () => Channel<T>,
  readerOf: (onEnd: (reader: Reader<T>) => void) => Reader<T>,
): AsyncGenerator<never, void, undefined> {
  let reader: Reader<T> | null = null;
  const begin = () => {
    const channel = channelOf();
    const begun = readerOf((ended) => channel.leave(ended));
    channel.enter(begun);
    return begun;
  };
  const end = async (): Promise<IteratorReturnResult<void>> => {
    reader?.end();
    return { done: true, value: undefined };
  };
  return {
    async next() {
      reader ??= begin();
      await reader.ended;
      return { done: true, value: undefined };
    },
    return: end,
    async throw(error) {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}
