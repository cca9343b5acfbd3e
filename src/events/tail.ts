import type { Delta, LogEvent } from "./event.ts";

/**
 * Announces what was committed to the readers in this process and in the other gateways on its database.
 * It may lose, delay or reorder announcements: readers see the gap in the numbers and read the table.
 */
export interface Tail {
  /** Call after COMMIT, never before. */
  publish(events: readonly LogEvent[]): void;
  publishDelta(delta: Delta): void;
  /** Calls back for everything announced for one stream, or for all with `*`; returns the way to stop. */
  subscribe(stream: string, listener: TailListener): () => void;
  close(): Promise<void>;
}

/** Its methods must return at once: they run inside the writer's call. */
export interface TailListener {
  event(event: LogEvent): void;
  delta?(delta: Delta): void;
  /** Announcements may have been lost: read the table. */
  lost?(): void;
}
