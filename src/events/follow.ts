import type { Committer } from "./commit.ts";
import type { Delta, LogEvent } from "./event.ts";
import { LiveBuffer } from "./live-buffer.ts";
import { type EventFilter, matches, type Page, readLog, readStream } from "./read.ts";

/** What one reader may hold in memory. */
export interface FollowSizes {
  /** Announcements that wait; a reader with more goes back to the table. */
  readonly buffer: number;
  /** Events read from the table at a time. */
  readonly page: number;
}

const usualSizes: FollowSizes = { buffer: 256, page: 100 };

export interface FollowOptions extends Partial<FollowSizes> {
  /** Called whenever all that the table held up to this place was taken, right before waiting for what is new. */
  readonly onPresent?: (through: bigint) => void;
}

export type Followed =
  | { readonly kind: "event"; readonly event: LogEvent }
  | { readonly kind: "delta"; readonly delta: Delta };

type Reader = Pick<Committer, "store" | "tail">;

/** A numbered sequence of events: one stream, or the whole log. */
interface Sequence {
  readonly topic: string;
  read(after: bigint, limit: number): Promise<Page>;
  /** Without gaps, so that a missing number shows a missing announcement. */
  numberOf(event: LogEvent): bigint;
  wants(event: LogEvent): boolean;
}

/**
 * Every event of one stream with `seq` above `after`: first from the table, then live, without a gap
 * and nothing twice, in order; passing deltas between them. Ends only when `signal` aborts.
 */
export const followStream = (
  gateway: Reader,
  stream: string,
  after: bigint,
  signal: AbortSignal,
  options: FollowOptions = {},
) =>
  follow(gateway, after, signal, options, {
    topic: stream,
    read: (position, limit) => readStream(gateway.store, stream, position, limit),
    numberOf: (event) => BigInt(event.seq),
    wants: () => true,
  });

/** Every event of the log that matches and has an `id` above `after`, as {@link followStream} does for one stream. */
export const followLog = (
  gateway: Reader,
  filter: EventFilter,
  after: bigint,
  signal: AbortSignal,
  options: FollowOptions = {},
) =>
  follow(gateway, after, signal, options, {
    topic: "*",
    read: (position, limit) => readLog(gateway.store, filter, position, limit),
    numberOf: (event) => event.id,
    wants: (event) => matches(filter, event),
  });

async function* follow(
  gateway: Reader,
  after: bigint,
  signal: AbortSignal,
  options: FollowOptions,
  sequence: Sequence,
): AsyncGenerator<Followed, void, undefined> {
  const sizes = { ...usualSizes, ...options };
  // Listening starts before the table is read, so nothing can slip between the two.
  const buffer = new LiveBuffer(gateway.tail, sequence.topic, sizes.buffer, signal);
  let position = after;
  let behind = true;
  try {
    while (!signal.aborted) {
      if (behind) {
        const page = await sequence.read(position, sizes.page);
        for (const event of page.events) yield { kind: "event", event };
        position = page.through;
        behind = page.more;
        buffer.forget((event) => sequence.numberOf(event) <= page.through);
        if (!behind) options.onPresent?.(position);
        continue;
      }
      const live = await buffer.next();
      if (live.kind === "ended") return;
      if (live.kind === "delta") yield live;
      else if (live.kind === "lost") behind = true;
      else {
        const number = sequence.numberOf(live.event);
        if (number <= position) continue;
        if (number > position + 1n) {
          behind = true;
          continue;
        }
        position = number;
        if (sequence.wants(live.event)) yield live;
      }
    }
  } finally {
    buffer.close();
  }
}
