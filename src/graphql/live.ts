import type { Principal } from "../auth/principal.ts";
import type { ErrorCode, GatewayError } from "../errors.ts";
import { type AccessWatch, watchAccess } from "./access-watch.ts";
import type { Context } from "./context.ts";
import type { MaybePromise } from "./remembered.ts";

/** Codes with which a socket is closed when its caller may no longer listen (design, "GraphQL contract"). */
const closeCodes: Partial<Record<ErrorCode, number>> = { UNAUTHENTICATED: 4401, FORBIDDEN: 4403 };
/** "Try again later": graphql-ws clients connect anew. */
const tryAgain = 1013;

/** A live sequence and who may see it. Both questions are asked of every value, right before it is handed out. */
export type Watched<T> = Permitted<T> & (Alone<T> | Together<T>);

interface Permitted<T> {
  /** `false` ends the sequence. `latest` is the newest value there is, which the caller may not have seen yet. */
  readonly mayWatch: (principal: Principal, latest: T | null) => boolean;
  /** `false` leaves out this one value. Where it takes time, who the caller is by then is looked at once more. */
  readonly maySee?: (principal: Principal, value: T) => MaybePromise<boolean>;
}

interface Alone<T> {
  readonly open: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>;
  readonly shared?: never;
}

interface Together<T> {
  readonly open?: never;
  readonly shared: Shared<T>;
}

/** A sequence that can be entered at any place, so that all who watch it can be served by one reading. */
export interface Shared<T> {
  /** Sequences of the same name have the same values after the same place. */
  readonly name: string;
  /** Where this reader begins; `null` is before all there is to show now. */
  readonly after: bigint | null;
  /** The argument of the field that `after` came from, if any: readers that differ in it alone watch the same. */
  readonly argument?: string;
  /** Says through `onPresent` up to where it has shown all there was, each time before it waits for what is new. */
  readonly open: (
    after: bigint | null,
    signal: AbortSignal,
    onPresent?: (through: bigint) => void,
  ) => AsyncGenerator<T, void, undefined>;
  /** Rising from value to value; `null` for what passes between two places and is not kept. */
  readonly placeOf: (value: T) => bigint | null;
  /** What tells one passing value from another: the same object to everybody who is told of it. */
  readonly passingOf?: (value: T) => object | null;
}

/** A live sequence as a subscription's field returns it, for those who would rather share it than iterate over it. */
export interface LiveSequence<T> extends AsyncIterableIterator<T, void, undefined> {
  readonly context: Context;
  readonly watched: Watched<T>;
}

/**
 * A live sequence that ends the moment the caller may no longer see it: access is looked at again before every
 * value, and at once when the caller's roles, account or token change. A socket is closed with 4401 or 4403.
 */
export const live = <T>(context: Context, watched: Watched<T>): LiveSequence<T> => new Live(context, watched);

/** True for what `live` made. */
export const isLive = (sequence: object): sequence is LiveSequence<unknown> =>
  "watched" in sequence && "context" in sequence;

/** Closes the caller's socket, if there is one, with what says why they may no longer listen. */
export const closeFor = ({ close }: Pick<Context, "close">, { code }: GatewayError): void =>
  close?.(closeCodes[code] ?? tryAgain, code);

async function* watch<T>(
  context: Context,
  watched: Watched<T>,
  end: AbortController,
): AsyncGenerator<T, void, undefined> {
  const { mayWatch, maySee, open, shared } = watched;
  let latest: T | null = null;
  const lost: GatewayError[] = [];
  const access = watchAccess(
    context,
    (principal) => mayWatch(principal, latest),
    (error) => {
      lost.push(error);
      closeFor(context, error);
      end.abort();
    },
  );
  const signal = AbortSignal.any([end.signal, context.signal]);
  try {
    for await (const value of shared ? shared.open(shared.after, signal) : open(signal)) {
      latest = value;
      if (await isShown(access, maySee, value)) yield value;
    }
    for (const error of lost) throw error;
  } finally {
    access.stop();
  }
}

/** Whether the caller may see the value, as whoever they are when that is known. */
async function isShown<T>(access: AccessWatch, maySee: Permitted<T>["maySee"], value: T): Promise<boolean> {
  for (;;) {
    await access.settled();
    const { principal } = access;
    const isSeen = (await maySee?.(principal, value)) ?? true;
    if (!access.isChecking && access.principal === principal) return access.holds() && isSeen;
  }
}

/** A sequence that is watched once somebody iterates over it, and whose `return` also ends a `next` that is waiting. */
class Live<T> implements LiveSequence<T> {
  readonly context: Context;
  readonly watched: Watched<T>;
  #iteration: { readonly end: AbortController; readonly source: AsyncGenerator<T, void, undefined> } | null = null;

  constructor(context: Context, watched: Watched<T>) {
    this.context = context;
    this.watched = watched;
  }

  async next(): Promise<IteratorResult<T, void>> {
    return this.#begun().source.next();
  }

  async return(): Promise<IteratorReturnResult<void>> {
    const { end, source } = this.#begun();
    end.abort();
    await source.return();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<T, void>> {
    const { end, source } = this.#begun();
    end.abort();
    return source.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #begun() {
    if (this.#iteration) return this.#iteration;
    const end = new AbortController();
    return (this.#iteration = { end, source: watch(this.context, this.watched, end) });
  }
}
