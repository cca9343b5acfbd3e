import { unauthenticated } from "../auth/authenticate.ts";
import type { Principal } from "../auth/principal.ts";
import { type ErrorCode, GatewayError, unavailable } from "../errors.ts";
import { requirePrincipal } from "./authorize.ts";
import type { Context } from "./context.ts";

/** Codes with which a socket is closed when its caller may no longer listen (design, "GraphQL contract"). */
const closeCodes: Partial<Record<ErrorCode, number>> = { UNAUTHENTICATED: 4401, FORBIDDEN: 4403 };
/** "Try again later": graphql-ws clients connect anew. */
const tryAgain = 1013;

/** A live sequence and who may see it. Both questions are asked of every value, right before it is handed out. */
export interface Watched<T> {
  /** `false` ends the sequence. */
  readonly mayWatch: (principal: Principal) => boolean;
  /** `false` leaves out this one value. */
  readonly maySee?: (principal: Principal, value: T) => boolean;
  readonly open: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>;
}

/**
 * A live sequence that ends the moment the caller may no longer see it: access is looked at again before every
 * value, and at once when the caller's roles, account or token change. A socket is closed with 4401 or 4403.
 */
export function live<T>(context: Context, watched: Watched<T>): AsyncIterableIterator<T> {
  const end = new AbortController();
  return abortable(end, watch(context, watched, end));
}

async function* watch<T>(
  context: Context,
  { mayWatch, maySee = () => true, open }: Watched<T>,
  end: AbortController,
): AsyncGenerator<T, void, undefined> {
  const access = watchAccess(context, mayWatch, (code) => {
    context.close?.(closeCodes[code] ?? tryAgain, code);
    end.abort();
  });
  try {
    for await (const value of open(AbortSignal.any([end.signal, context.signal]))) {
      if (maySee(await access.present(), value)) yield value;
    }
    access.throwIfLost();
  } finally {
    access.stop();
  }
}

/** Follows what the caller may do; `onLoss` is called once. */
function watchAccess(context: Context, mayWatch: (principal: Principal) => boolean, onLoss: (code: ErrorCode) => void) {
  const { auth, gateway } = context;
  let principal = requirePrincipal(context);
  let lost: GatewayError | null = null;
  let checking: Promise<void> = Promise.resolve();

  const lose = (error: GatewayError) => {
    if (lost) return;
    lost = error;
    onLoss(error.code);
  };
  const decide = () => {
    if (gateway.now() >= principal.expiresAt) lose(unauthenticated());
    else if (!mayWatch(principal)) lose(new GatewayError("FORBIDDEN", "You may no longer watch this"));
  };
  const check = async () => {
    try {
      principal = await auth.refresh(principal);
      decide();
    } catch (error) {
      // Who cannot be checked now may come again; nothing is shown to them until then.
      lose(error instanceof GatewayError ? error : unavailable("Access cannot be checked now; try again", error));
    }
  };
  const throwIfLost = () => {
    if (lost) throw lost;
  };
  const stop = auth.onAccessChange(principal, () => {
    checking = checking.then(check);
  });

  return {
    /** Who the caller is now. @throws what the caller has lost. */
    async present(): Promise<Principal> {
      for (let seen = null; seen !== checking; ) await (seen = checking); // more may change while we wait
      decide();
      throwIfLost();
      return principal;
    },
    throwIfLost,
    stop,
  };
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
