import type { Watched } from "./live.ts";

/** What comes next: a value, the end, or the place up to which all there was has been taken. */
export type Step<T> = IteratorResult<T, void> | bigint;

/** A sequence that is being read, and may go from one reader to another in the middle of it. */
export interface Reading<T> {
  /** What comes next; the same value until it is `taken`. */
  next(): Promise<Step<T>>;
  taken(): void;
  /** Ends it, also while somebody waits for what comes next. */
  close(): void;
}

/** Opens a sequence at a place. */
export function openReading<T>({ open, shared }: Watched<T>, after: bigint | null): Reading<T> {
  const end = new AbortController();
  let through: bigint | null = null;
  let tell: ((through: bigint) => void) | null = null;
  const onPresent = (place: bigint) => {
    if (tell) tell(place);
    else through = place;
  };
  const values = shared ? shared.open(after, end.signal, onPresent) : open(end.signal);
  let waiting: Promise<IteratorResult<T, void>> | null = null;
  return {
    next() {
      const value = (waiting ??= values.next());
      if (through !== null) {
        const place = through;
        through = null;
        return Promise.resolve(place);
      }
      return new Promise<Step<T>>((resolve, reject) => {
        tell = resolve;
        value.then(resolve, reject).finally(() => (tell = null));
      });
    },
    taken() {
      waiting = null;
    },
    close() {
      end.abort();
      values.return().catch(() => undefined); // nobody waits for it any more
      waiting?.catch(() => undefined);
    },
  };
}
