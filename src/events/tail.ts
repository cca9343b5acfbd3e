import type { Delta, LogEvent } from "./event.ts";

/**
 * Announces what was committed to the readers in this process (and, later, in other replicas).
 * It may lose, delay or reorder announcements: readers see the gap in the numbers and read the table.
 */
export interface Tail {
  /** Call after COMMIT, never before. */
  publish(events: readonly LogEvent[]): void;
  publishDelta(delta: Delta): void;
  /** Calls back for everything announced for one stream, or for all; returns the way to stop. */
  subscribe(stream: string | "*", listener: TailListener): () => void;
  close(): Promise<void>;
}

/** Must return at once: it runs inside the writer's call. */
export interface TailListener {
  event(event: LogEvent): void;
  delta?(delta: Delta): void;
}
