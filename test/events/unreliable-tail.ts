import type { LogEvent } from "../../src/events/event.ts";
import { createMemoryTail } from "../../src/events/memory-tail.ts";
import type { Tail, TailListener } from "../../src/events/tail.ts";

/** What may happen to an announcement on its way. */
export type Fate = "deliver" | "drop" | "twice" | "late";

/** A tail such as one between replicas: it loses, repeats and reorders, and says so when it has found its way back. */
export interface UnreliableTail extends Tail {
  /** Delivers what is late, the newest first, and tells every listener that something may be lost. */
  recover(): void;
  /** How many listen. */
  listeners(): number;
}

/** Makes a tail that does with announcements what `nextFate` says. */
export function createUnreliableTail(nextFate: () => Fate): UnreliableTail {
  const tail = createMemoryTail();
  const listeners = new Set<TailListener>();
  const late: LogEvent[] = [];
  return {
    ...tail,
    publish(events) {
      for (const event of events) {
        const fate = nextFate();
        if (fate === "late") late.unshift(event);
        else if (fate !== "drop") tail.publish(fate === "twice" ? [event, event] : [event]);
      }
    },
    subscribe(stream, listener) {
      const stop = tail.subscribe(stream, listener);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        stop();
      };
    },
    recover() {
      tail.publish(late.splice(0));
      for (const listener of listeners) listener.lost?.();
    },
    listeners: () => listeners.size,
  };
}
