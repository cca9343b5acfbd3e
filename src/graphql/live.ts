import { unauthenticated } from "../auth/authenticate.ts";
import type { Principal } from "../auth/principal.ts";
import { GatewayError } from "../errors.ts";
import type { Context } from "./context.ts";
import { requirePrincipal } from "./authorize.ts";

/** Codes with which a socket is closed when its caller may no longer listen (design, "GraphQL contract"). */
const closeCodes = { UNAUTHENTICATED: 4401, FORBIDDEN: 4403 } as const;

/**
 * A live sequence that ends the moment the caller may no longer see it: access is looked at again before every
 * value, and at once when the caller's roles, account or token change. A socket is closed with 4401 or 4403.
 */
export function live<T>(
  context: Context,
  mayWatch: (principal: Principal) => boolean,
  open: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncIterableIterator<T> {
  const end = new AbortController();
  const signal = AbortSignal.any([end.signal, context.signal]);
  return abortable(end, watch(context, mayWatch, open(signal), end));
}

async function* watch<T>(
  context: Context,
  mayWatch: (principal: Principal) => boolean,
  source: AsyncGenerator<T, void, undefined>,
  end: AbortController,
): AsyncGenerator<T, void, undefined> {
  const access = watchAccess(context, mayWatch, (code) => {
    context.close?.(closeCodes[code], code);
    end.abort();
  });
  try {
    for await (const value of source) {
      await access.settled();
      if (access.lost()) break;
      yield value;
    }
    const lost = access.lost();
    if (lost) throw lost;
  } finally {
    access.stop();
  }
}

type Loss = keyof typeof closeCodes;

/** Follows what the caller may do; `onLoss` is called once. */
function watchAccess(context: Context, mayWatch: (principal: Principal) => boolean, onLoss: (code: Loss) => void) {
  let principal = requirePrincipal(context);
  let lost: GatewayError | null = null;
  let checking: Promise<void> = Promise.resolve();
  let stopListening = () => {};

  const lose = (code: Loss, error: GatewayError) => {
    if (lost) return;
    lost = error;
    onLoss(code);
  };
  const check = async () => {
    try {
      principal = await context.auth.refresh(principal);
    } catch {
      return lose("UNAUTHENTICATED", unauthenticated());
    }
    if (!mayWatch(principal)) lose("FORBIDDEN", new GatewayError("FORBIDDEN", "You may no longer watch this"));
    stopListening();
    if (!lost) listen();
    return undefined;
  };
  const listen = () => {
    stopListening = context.auth.onAccessChange(principal, () => {
      checking = checking.then(check);
    });
  };

  listen();
  return { settled: () => checking, lost: () => lost, stop: () => stopListening() };
}

/** A generator whose `return` also ends a `next` that is waiting. */
function abortable<T>(end: AbortController, source: AsyncGenerator<T, void, undefined>): AsyncIterableIterator<T> {
  return {
    next: () => source.next(),
    return: async () => {
      end.abort();
      await source.return();
      return { done: true, value: undefined };
    },
    throw: async (error) => {
      end.abort();
      return source.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
